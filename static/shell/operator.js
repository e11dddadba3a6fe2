// Who may change the server: whoever opened the page by the address that it printed. Who may read it at all, where that
// takes a token: the same, and whoever was given an address with one.
//
//   http://127.0.0.1:8080/#key=…&token=…      both leave the address bar at once, and are this tab's until it closes

const PLACES = { key: "operator key", token: "token" };

/** Moves key and token out of the fragment; the rest of it stays. */
export function takeKey() {
  const parts = location.hash.slice(1).split("&");
  const secrets = parts.filter((part) => /^(key|token)=/.test(part));
  if (!secrets.length) return;
  const rest = parts.filter((part) => !secrets.includes(part)).join("&");
  history.replaceState(null, "", `${location.pathname}${location.search}${rest && `#${rest}`}`);
  for (const [, name, value] of secrets.map((secret) => /^(key|token)=(.*)$/.exec(secret))) sessionStorage.setItem(PLACES[name], value);
}

export const theKey = () => sessionStorage.getItem(PLACES.key) ?? undefined;
export const theToken = () => sessionStorage.getItem(PLACES.token) ?? undefined;

/** The key may do more. */
export function bearer() {
  const secret = theKey() ?? theToken();
  return secret ? { Authorization: `Bearer ${secret}` } : {};
}

/** Whether the token grants it: everybody can read what a token says. */
export function mayPublish(topic) {
  try {
    const claims = theToken().split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { publish = [] } = JSON.parse(atob(claims));
    return publish.some((granted) => (granted.endsWith("*") ? topic.startsWith(granted.slice(0, -1)) : granted === topic));
  } catch {
    return false;
  }
}

/** What the server is at; throws `TypeError` where it cannot be reached. A wrong key is forgotten: `wasWrong`. */
export async function askState() {
  const answer = await fetch("/control", { headers: bearer(), cache: "no-store" });
  if (answer.status !== 401 || !theKey()) return { state: await readState(answer) };
  sessionStorage.removeItem(PLACES.key);
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
  if (!answer.ok) throw Object.assign(new Error(value.error ?? `${answer.status} ${answer.statusText}`), { isFinal: answer.status === 401 });
  return value;
}
