/**
 * A thread that serves like those of the program, and dies on request.
 *
 * @module
 */

import "../../lib/program/worker_entry.ts";

/** How the first thread dies. */
export type Death = "throw" | "close";

let isFirst = false;

addEventListener("message", (event) => {
  const { name, values } = (event as MessageEvent).data;
  if (name === "start") isFirst = values[0].thread.index === 0;
});

new BroadcastChannel("death").onmessage = ({ data }: { data: Death }) => {
  if (!isFirst) return;
  const said = `The first worker hears: ${data}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(said));
  if (data === "throw") throw new Error("as the test wants it");
  self.close();
};
