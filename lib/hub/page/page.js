/**
 * Shows the messages of a hub and sends new ones. Messages enter the page as
 * text only, because its policy forbids every way to turn them into markup.
 */

/** Most entries on the page; older ones are removed. */
const MOST_ENTRIES = 500;

/** Milliseconds before reconnecting: at first, and at most. */
const RETRY = { first: 1_000, most: 30_000 };

const log = document.getElementById("log");
const status = document.getElementById("status");
const form = document.getElementById("form");
const input = document.getElementById("text");
const button = form.querySelector("button");

/** The connection, while it is open. */
let socket;
let pause = RETRY.first;

/** Adds an entry, without scrolling away a reader further up. */
function show(kind, from, text) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const entry = document.createElement("li");
  entry.className = kind;
  if (from !== "") {
    const name = document.createElement("b");
    name.textContent = from;
    entry.append(name, " ");
  }
  entry.append(text);
  log.append(entry);
  while (log.childElementCount > MOST_ENTRIES) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function tell(state, text) {
  status.dataset.state = state;
  status.textContent = text;
  button.disabled = state !== "open";
}

function receive({ data }) {
  const said = JSON.parse(data);
  if (said.hub !== undefined) show("hub", "", said.hub);
  else show("other", said.from, contentOf(said, data));
}

/** The value as it was sent, because parsing can change numbers. */
function contentOf({ text, base64 }, data) {
  if (text !== undefined) return text;
  if (base64 !== undefined) return `${base64} (base64)`;
  return data.slice(data.indexOf(',"value":') + 9, -1);
}

function connect() {
  tell("connecting", "Connecting…");
  const url = new URL("/socket", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const opening = new WebSocket(url);
  opening.addEventListener("open", () => {
    socket = opening;
    pause = RETRY.first;
    tell("open", "Connected");
  });
  opening.addEventListener("message", receive);
  opening.addEventListener("close", () => {
    socket = undefined;
    tell("lost", `Not connected; next try in ${pause / 1000} s`);
    setTimeout(connect, pause);
    pause = Math.min(2 * pause, RETRY.most);
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value;
  if (socket === undefined || text === "") return;
  socket.send(text);
  show("own", "You", text);
  input.value = "";
  input.focus();
});

connect();
