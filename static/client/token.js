// What lets this page in where a server asks for a token: a part of each address, as neither EventSource nor WebSocket
// sends a header of one's own. What is told of an address to anybody else is told without it.

/** `url` has a query already. */
export const withToken = (url, token) => (token ? `${url}&token=${encodeURIComponent(token)}` : url);

export const forEyes = (url, token) => (token ? `${url}&token=…` : url);
