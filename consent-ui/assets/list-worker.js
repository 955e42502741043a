// Does the tasks of `list-tasks.js` beside the page. Buffers are handed over, not copied.

import { Refused } from "./history.js";
import { work } from "./list-tasks.js";

self.onmessage = ({ data: { task } }) => {
  try {
    const answer = work(task);
    self.postMessage({ answer }, Object.values(answer).map((words) => words.buffer));
  } catch (error) {
    const refused = error instanceof Refused ? { code: error.code, n: error.n } : { code: "fetch" };
    self.postMessage({ refused });
  }
};
