import { assertEquals, assertRejects } from "@std/assert";
import { flag, operand, option } from "../../lib/cli/declare_options.ts";
import { parseOptions, suggest } from "../../lib/cli/parse_options.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const TABLE = {
  "listen": option("address", {
    value: "HOST:PORT",
    many: true,
    help: "where",
  }, (text) => text),
  "log": option("text", {
    value: "text|json",
    default: "text",
    help: "how",
  }, (text) => text),
  "max-connections": option("count", {
    value: "N",
    default: "10",
    help: "how many",
  }, (text) => {
    if (!/^\d+$/.test(text)) throw new SyntaxError(`'${text}' is no number`);
    return Number(text);
  }),
  "quiet": flag("say less"),
  "help": flag("print this", { short: "h" }),
};

const DEFAULTS = {
  "listen": [] as string[],
  "log": "text",
  "max-connections": 10,
  "quiet": false,
  "help": false,
};

Deno.test("parseOptions() returns a value for every option", async () => {
  const cases: { args: string[]; want: Partial<typeof DEFAULTS> }[] = [
    { args: [], want: {} },
    { args: ["--quiet"], want: { quiet: true } },
    { args: ["--quiet", "--quiet"], want: { quiet: true } },
    { args: ["--help"], want: { help: true } },
    { args: ["-h"], want: { help: true } },
    { args: ["--log", "json"], want: { log: "json" } },
    { args: ["--log=json"], want: { log: "json" } },
    { args: ["--log=a=b"], want: { log: "a=b" } },
    { args: ["--log=-x"], want: { log: "-x" } },
    { args: ["--log", "a b"], want: { log: "a b" } },
    { args: ["--log", "007"], want: { log: "007" } },
    { args: ["--log", "true"], want: { log: "true" } },
    { args: ["--max-connections", "5"], want: { "max-connections": 5 } },
    { args: ["--listen", "1"], want: { listen: ["1"] } },
    {
      args: ["--listen", "1", "--quiet", "--listen=2"],
      want: { listen: ["1", "2"], quiet: true },
    },
    { args: ["--quiet", "--"], want: { quiet: true } },
  ];
  for (const { args, want } of cases) {
    const got = await parseOptions(args, TABLE);
    assertEquals(got, { ...DEFAULTS, ...want }, args.join(" "));
  }
});

Deno.test("parseOptions() says what is wrong when an argument is invalid", async () => {
  const cases = [
    {
      args: ["--lisen", "1"],
      message: "Unknown option '--lisen'; did you mean --listen?",
    },
    {
      args: ["--lisen=1"],
      message: "Unknown option '--lisen'; did you mean --listen?",
    },
    {
      args: ["--connections=1"],
      message:
        "Unknown option '--connections'; did you mean --max-connections?",
    },
    {
      args: ["--Log=x"],
      message: "Unknown option '--Log'; did you mean --log?",
    },
    {
      args: ["--no-quiet"],
      message: "Unknown option '--no-quiet'; did you mean --quiet?",
    },
    {
      args: ["--xyzzyxyz"],
      message: "Unknown option '--xyzzyxyz'; see --help",
    },
    { args: ["-x"], message: "Unknown option '-x'; see --help" },
    { args: ["-1"], message: "Unknown option '-1'; see --help" },
    {
      args: ["--constructor"],
      message: "Unknown option '--constructor'; see --help",
    },
    {
      args: ["--__proto__=1"],
      message: "Unknown option '--__proto__'; see --help",
    },
    {
      args: ["--listen.x=1"],
      message: "Unknown option '--listen.x'; did you mean --listen?",
    },
    { args: ["stray"], message: "Unknown argument 'stray'; see --help" },
    { args: ["12e3"], message: "Unknown argument '12e3'; see --help" },
    {
      args: ["--quiet", "stray"],
      message: "Unknown argument 'stray'; see --help",
    },
    { args: ["--", "stray"], message: "Unknown argument 'stray'; see --help" },
    {
      args: ["--listen", "1", "stray"],
      message: "Unknown argument 'stray'; see --help",
    },
    {
      args: ["--listen"],
      message: "Option --listen: needs a value: HOST:PORT",
    },
    {
      args: ["--listen="],
      message: "Option --listen: needs a value: HOST:PORT",
    },
    {
      args: ["--listen", ""],
      message: "Option --listen: needs a value: HOST:PORT",
    },
    {
      args: ["--listen", "--quiet"],
      message: "Option --listen: needs a value: HOST:PORT",
    },
    {
      args: ["--listen", "1", "--listen"],
      message: "Option --listen: needs a value: HOST:PORT",
    },
    {
      args: ["--quiet=1"],
      message: "Option --quiet: takes no value; write --quiet alone",
    },
    {
      args: ["--quiet=true"],
      message: "Option --quiet: takes no value; write --quiet alone",
    },
    {
      args: ["--quiet=false"],
      message: "Option --quiet: takes no value; write --quiet alone",
    },
    {
      args: ["--quiet="],
      message: "Option --quiet: takes no value; write --quiet alone",
    },
    {
      args: ["--log", "a", "--log", "b"],
      message: "Option --log: given more than once: 'a', 'b'; give it once",
    },
    {
      args: ["--log=a", "--log=a"],
      message: "Option --log: given more than once: 'a', 'a'; give it once",
    },
    {
      args: ["--max-connections", "many"],
      message: "Option --max-connections: 'many' is no number",
    },
  ];
  for (const { args, message } of cases) {
    const error = await assertRejects(
      () => parseOptions(args, TABLE),
      UsageError,
    );
    assertEquals(error.message, message);
  }
});

Deno.test("parseOptions() refuses a value for a flag in the next argument", async () => {
  for (const word of ["true", "false"]) {
    const error = await assertRejects(
      () => parseOptions(["--quiet", word], TABLE),
      UsageError,
    );
    assertEquals(
      error.message,
      "Option --quiet: takes no value; write --quiet alone",
    );
  }
});

Deno.test("parseOptions() refuses a value after a letter", async () => {
  for (const text of ["-h=3", "-h=false", "-h3", "-hx"]) {
    await assertRejects(() => parseOptions([text], TABLE), UsageError);
  }
});

Deno.test("parseOptions() rethrows errors that are not the user's", async () => {
  const broken = {
    "log": option("text", { value: "X", default: "x", help: "how" }, () => {
      throw new TypeError("broken");
    }),
  };
  await assertRejects(() => parseOptions([], broken), TypeError, "broken");
});

Deno.test("suggest() returns the nearest word when one is near", async () => {
  const known = ["proxy", "forward", "echo", "max-connections"];
  const cases = [
    { word: "proxy", want: "proxy" },
    { word: "e", want: undefined },
    { word: "prox", want: "proxy" },
    { word: "porxy", want: "proxy" },
    { word: "forwrad", want: "forward" },
    { word: "ehco", want: "echo" },
    { word: "connections", want: "max-connections" },
    { word: "max", want: "max-connections" },
    { word: "", want: undefined },
    { word: "q", want: undefined },
    { word: "socks5server", want: undefined },
  ];
  for (const { word, want } of cases) {
    assertEquals(await suggest(word, known), want, word);
  }
});

const WITH_OPERAND = {
  ...TABLE,
  "hosts": operand("text", { value: "HOST…", help: "where to" }, (given) => {
    if (given.length === 0) throw new SyntaxError("nothing given");
    return [...given];
  }),
};

Deno.test("parseOptions() passes the other words to the operand", async () => {
  const cases = [
    { args: ["a"], hosts: ["a"] },
    { args: ["a", "--quiet", "b"], hosts: ["a", "b"] },
    { args: ["--log", "json", "a"], hosts: ["a"] },
    { args: ["12e3", "007", "-"], hosts: ["12e3", "007", "-"] },
    { args: ["a", "--", "--quiet", "1"], hosts: ["a", "--quiet", "1"] },
  ];
  for (const { args, hosts } of cases) {
    assertEquals((await parseOptions(args, WITH_OPERAND)).hosts, hosts);
  }
});

Deno.test("parseOptions() says what is wrong when an operand is invalid", async () => {
  const cases = [
    { args: [], message: "Argument HOST…: nothing given" },
    {
      args: ["--hosts", "a"],
      message: "Unknown option '--hosts'; write it without dashes, as HOST…",
    },
    { args: ["a", "-x"], message: "Unknown option '-x'; see --help" },
  ];
  for (const { args, message } of cases) {
    const error = await assertRejects(
      () => parseOptions(args, WITH_OPERAND),
      UsageError,
    );
    assertEquals(error.message, message);
  }
});

Deno.test("parseOptions() needs no operand when help is requested", async () => {
  const { help, hosts } = await parseOptions(["-h"], WITH_OPERAND);
  assertEquals([help, hosts], [true, undefined]);
});
