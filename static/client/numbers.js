// The number of a request of this page, over all lanes, from 1: by it the server's marks are matched.

let last = 0;

export const nextNumber = () => ++last;
