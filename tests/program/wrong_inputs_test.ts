import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../lib/program/commands.ts";
import { sluiceAll } from "../support/sluice_commands.ts";

/**
 * Command lines that are wrong: two lines each, with the exit code and the
 * arguments (as JSON where they have spaces), then what the person is told.
 */
const TABLE = new URL("../vectors/wrong_inputs.txt", import.meta.url);

interface Row {
  code: number;
  args: string[];
  message: string;
}

async function readTable(): Promise<Row[]> {
  const lines = (await Deno.readTextFile(TABLE)).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const rows: Row[] = [];
  for (let index = 0; index < lines.length; index += 2) {
    const [, code, text = ""] = /^(\d) ?(.*)$/.exec(lines[index]!)!;
    const args = text.startsWith('["') ? JSON.parse(text) : text.split(" ");
    const message = lines[index + 1]!.trimStart();
    rows.push({ code: Number(code), args, message });
  }
  return rows;
}

const rows = await readTable();

Deno.test("every wrong input gets the exit code and the message of the table", async () => {
  assert(rows.length >= 400, `${rows.length}`);
  const answers = await sluiceAll(rows.map(({ args }) => args));
  for (const [index, { args, code, message }] of rows.entries()) {
    const expected = { code, text: "", stderr: `sluice: ${message}\n` };
    assertEquals(answers[index], expected, args.join(" "));
  }
});

Deno.test("the table has every command and every option", async () => {
  const said = new Set(
    rows.flatMap(({ args }) => args.map((word) => word.split("=", 1)[0]!)),
  );
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const words = name.split(" ");
    const isThere = rows.some(({ args }) =>
      words.every((word, index) => args[index] === word)
    );
    assert(isThere, name);
    const { options } = await load();
    const missing = Object.keys(options).filter((option) =>
      !options[option]!.isOperand && !said.has(`--${option}`)
    );
    assertEquals(missing, [], `${name}: add a wrong input to ${TABLE}`);
  }
});

Deno.test("the table has messages that a person can act on", () => {
  for (const { args, message } of rows) {
    assert(message.length > 15 && message.length < 320, message);
    assert(
      !/os error|(?<!\()\bE[A-Z]{4,}\b|undefined|Internal/.test(message),
      message,
    );
    assert(names(message, args), `${args.join(" ")}: ${message}`);
  }
});

/** Whether a message names an option, an operand or a word that was given. */
function names(message: string, args: readonly string[]): boolean {
  if (/^(?:Option|Argument|Unknown (?:option|command)) /.test(message)) {
    return true;
  }
  return args.some((word) => word !== "" && message.includes(word)) ||
    args.includes("");
}
