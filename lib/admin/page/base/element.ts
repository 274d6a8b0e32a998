/**
 * Creates elements of the page. All content is set as text: markup is
 * impossible here, and the page's policy forbids it.
 *
 * @module
 */

/** Options for {@linkcode make}. */
export interface ElementOptions {
  /** Its classes. */
  className?: string;
  /** Its text. */
  text?: string;
  /** Its attributes. */
  attributes?: Readonly<Record<string, string>>;
}

/**
 * Finds an element of the page.
 *
 * @throws {TypeError} If there is not one of that kind.
 */
export function byId<E extends Element>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`Cannot find #${id}: no ${kind.name}`);
}

/** Creates an element. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: ElementOptions = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (options.className !== undefined) made.className = options.className;
  if (options.text !== undefined) made.textContent = options.text;
  for (const [name, value] of Object.entries(options.attributes ?? {})) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Sets the text of an element if it differs. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute if it differs. */
export function setAttribute(
  element: Element,
  name: string,
  value: string,
): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Returns a function that sets an element's text only when it changes. */
export function textOf(element: Element): (text: string) => void {
  const node = document.createTextNode("");
  element.append(node);
  let last = "";
  return (text) => {
    if (text === last) return;
    last = node.data = text;
  };
}
