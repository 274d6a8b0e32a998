/**
 * Lets the browser draw and take input between two parts of a long task.
 *
 * @module
 */

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];

port1.onmessage = () => waiting.shift()?.();

/**
 * Continues in another task. A timer would take a second in a window in the
 * background.
 */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(undefined);
  });
}
