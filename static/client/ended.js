// How one connection's life ended.

export class Ended extends Error {
  after_ms = 0;
  isRefused = false;

  /** The connection could not be made, or was cut: browsers do not tell which. */
  static lost() {
    return new Ended("no connection, or it was cut");
  }

  static late(ms) {
    return new Ended(`no answer in ${ms / 1000} s`);
  }

  /** Codes: RFC 6455, section 7.4.1, and 3008: too slow. */
  static closed(code, reason) {
    return code === 1006 ? Ended.lost() : new Ended(`closed with ${code}${reason && `: ${reason}`}`);
  }

  /** The server answered with an error. */
  static refused({ status, after_s, text }) {
    return Object.assign(new Ended(`${status}: ${said(text)}`), { after_ms: 1000 * (after_s || 0), isRefused: true });
  }

  /** What came instead of a stream the browser does not show; a mark of the server may. */
  static unseen(what) {
    return new Ended(`${what}: the browser does not say why`);
  }

  static unreadable(why) {
    return Object.assign(new Ended(`cannot read what came: ${why}`), { isRefused: true });
  }
}

/** The `error` of an answer's JSON, or the beginning of what it says instead. */
export function said(text) {
  try {
    return String(JSON.parse(text).error ?? text).slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
