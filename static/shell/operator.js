// Who may change the server: whoever opened the page by the address that it printed.
//
//   http://127.0.0.1:8080/#key=…      the key leaves the address bar at once, and is this tab's until it closes

const PLACE = "operator key";

/** Moves the key out of the fragment; the rest of it stays. */
export function takeKey() {
  const parts = location.hash.slice(1).split("&");
  const [key] = parts.filter((part) => part.startsWith("key="));
  if (key === undefined) return;
  const rest = parts.filter((part) => !part.startsWith("key=")).join("&");
  history.replaceState(null, "", `${location.pathname}${location.search}${rest && `#${rest}`}`);
  sessionStorage.setItem(PLACE, key.slice("key=".length));
}

export const theKey = () => sessionStorage.getItem(PLACE) ?? undefined;

const bearer = () => (theKey() ? { Authorization: `Bearer ${theKey()}` } : {});

/** What the server is at; throws `TypeError` where it cannot be reached. A wrong key is forgotten: `wasWrong`. */
export async function askState() {
  const answer = await fetch("/control", { headers: bearer(), cache: "no-store" });
  if (answer.status !== 401) return { state: await readState(answer) };
  sessionStorage.removeItem(PLACE);
  return { ...(await askState()), wasWrong: true };
}

/** Changes the server; the new state, or an error whose message is the server's own. */
export async function order(command) {
  const headers = { ...bearer(), "Content-Type": "application/json" };
  return readState(await fetch("/control", { method: "POST", headers, body: JSON.stringify(command) }));
}

/** Publishes one event past all lanes, so that no lane's bytes hold it. */
export async function publish(data) {
  const answer = await fetch("/publish?topic=demo", { method: "POST", headers: bearer(), body: JSON.stringify(data) });
  return readState(answer);
}

async function readState(answer) {
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(value.error ?? `${answer.status} ${answer.statusText}`);
  return value;
}
