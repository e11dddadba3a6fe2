// How one connection's life ended.

export class Ended extends Error {
  after_ms = 0;
  isRefused = false;
  /** To come back would change nothing. */
  isFinal = false;
  /** The browser hides why. */
  isUnseen = false;
  /** It was open, or seemed to be, and nothing came. */
  isSilent = false;

  static of(wrong) {
    return wrong instanceof Ended ? wrong : Ended.unreadable(wrong.message);
  }

  static silent(why) {
    return Object.assign(new Ended(why), { isSilent: true });
  }

  /** The connection could not be made, or was cut: browsers do not tell which. */
  static lost() {
    return new Ended("no connection, or it was cut");
  }

  static late(ms) {
    return Ended.silent(`no answer in ${ms / 1000} s`);
  }

  /** Codes: RFC 6455, section 7.4.1, and 3008: too slow. */
  static closed(code, reason) {
    if (code === 1006) return Ended.lost();
    const isFinal = code === 1008 && reason === "token expired";
    return Object.assign(new Ended(`closed with ${code}${reason && `: ${reason}`}`), { isRefused: isFinal, isFinal });
  }

  /** The server answered with an error. */
  static refused({ status, after_s, text }) {
    const how = { status, after_ms: 1000 * (after_s || 0), isRefused: true, isFinal: status === 401 };
    return Object.assign(new Ended(`${status}: ${how.isFinal ? whyOf(said(text)) : said(text)}`), how);
  }

  /** What came instead of a stream the browser does not show; a mark of the server may. */
  static unseen(what) {
    return Object.assign(new Ended(`${what}: the browser does not say why`), { isUnseen: true });
  }

  static unreadable(why) {
    return Object.assign(new Ended(`cannot read what came: ${why}`), { isRefused: true });
  }

  /** In a word. */
  get word() {
    return this.isSilent ? "silent" : this.isRefused || this.isUnseen ? "refused" : "cut";
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

/** What is wrong with a token, without the header that mends it: who reads a page sends none. */
export const whyOf = (text) => text.replace(/[:;] send one that .*$/s, "");
