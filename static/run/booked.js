// What crossed a lane's wire since the server's ledger began: its bytes are shared out among these events.
//
//   server's ledger   0 ──── 9,000 B ──── ✕ restart   0 ──── 2,700 B
//   booked            0 ────── 40 events  ✕           0 ────── 12 events

/** A frame with so many bytes inside (RFC 6455, section 5.2); the browser's own are masked. */
const framed = (bytes) => bytes + (bytes < 126 ? 2 : bytes < 65536 ? 4 : 10);
const masked = (bytes) => framed(bytes) + 4;

export class Booked {
  events = 0;
  payload = 0;
  /** Bytes that this page published on the lane's own wire, and of the answers: no part of what listening costs. */
  aside = 0;
  since = 0;
  #said = [];
  #epoch = null;

  begin(at = performance.timeOrigin + performance.now()) {
    Object.assign(this, { events: 0, payload: 0, aside: 0, since: at });
  }

  /** An event crossed the wire; whether it is of another epoch: its server counts from nothing. */
  delivers({ id, bytes }) {
    const epoch = id.slice(0, id.lastIndexOf("-"));
    const isAnew = this.#epoch !== null && epoch !== this.#epoch;
    if (isAnew) this.begin();
    this.#epoch = epoch;
    this.events += 1;
    this.payload += bytes;
    return isAnew;
  }

  /** `around` is what HTTP/2 puts around each frame, and around its answer. */
  says({ bytes }, around) {
    this.#said.push({ bytes: masked(bytes) + around, around });
  }

  /** A POST, which bears a number, went another way. */
  wasAnswered({ n, bytes }) {
    if (n !== null || this.#said.length === 0) return;
    const said = this.#said.shift();
    this.aside += said.bytes + framed(bytes ?? 0) + said.around;
  }
}
