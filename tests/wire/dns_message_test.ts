import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  encodeDnsQuestion,
  parseDnsHead,
  parseDnsResponse,
  RECORD_TYPE,
} from "../../lib/wire/dns_message.ts";
import { encodeDnsName } from "../../lib/wire/dns_name.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import {
  address,
  alias,
  authority,
  encodeAnswer,
  TYPE,
} from "../support/name_server.ts";

const QUESTION = { name: "www.example.com", type: TYPE.a };
const NAME = encodeDnsName(QUESTION.name);

/** A response as servers send it, with pointers: www -> web, two addresses. */
const COMPRESSED = hex(`
  1234 8180 0001 0003 0000 0000
  03 777777 07 6578616d706c65 03 636f6d 00  0001 0001
  c00c 0005 0001 00000e10 0006  03 776562 c010
  c02d 0001 0001 0000003c 0004  c0000201
  c02d 0001 0001 0000003d 0004  c0000202
`);

const NOTHING = encodeAnswer(QUESTION, 7, { authorities: [authority(90, 60)] });

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replace(/\s/g, ""));
}

/** A header and a question, with the given number of answers after them. */
function answerBytes(answers: number, records: string) {
  const head = `0001 8180 0001 ${answers.toString(16).padStart(4, "0")} 0000`;
  return hex(`${head} 0000 01 61 00 0001 0001 ${records}`);
}

Deno.test("encodeDnsQuestion() writes the format of RFC 1035", () => {
  assertEquals(
    encodeDnsQuestion({ id: 0xabcd, name: "a.Test.", type: RECORD_TYPE.AAAA }),
    hex("abcd 0100 0001 0000 0000 0000  01 61 04 74657374 00 001c 0001"),
  );
});

Deno.test("parseDnsResponse() follows pointers", () => {
  const web = encodeDnsName("web.example.com");
  assertEquals(parseDnsResponse(COMPRESSED), {
    id: 0x1234,
    name: NAME,
    type: 1,
    code: 0,
    isTruncated: false,
    isCompetent: true,
    records: [
      { owner: NAME, life: 3600, value: web },
      { owner: web, life: 60, value: parseIpAddress("192.0.2.1")! },
      { owner: web, life: 61, value: parseIpAddress("192.0.2.2")! },
    ],
    negativeLife: undefined,
  });
});

Deno.test("parseDnsResponse() uses the shorter time when there are no records", () => {
  assertEquals(parseDnsResponse(NOTHING).negativeLife, 60);
  const authorities = [authority(5, 60)];
  const bytes = encodeAnswer(QUESTION, 7, { authorities });
  assertEquals(parseDnsResponse(bytes).negativeLife, 5);
});

Deno.test("parseDnsResponse() skips other types and classes", () => {
  const text = { name: "x.test", type: 16, life: 1, data: [1, 2, 3] };
  const record = address(QUESTION.name, "192.0.2.1");
  const bytes = encodeAnswer(QUESTION, 7, { answers: [text, record, text] });
  assertEquals(parseDnsResponse(bytes).records.length, 1);
  const chaos = answerBytes(1, "c00c 0001 0003 00000001 0004 7f000001");
  assertEquals(parseDnsResponse(chaos).records, []);
});

Deno.test("parseDnsResponse() refuses a message that is truncated anywhere", () => {
  const messages = [
    COMPRESSED,
    NOTHING,
    encodeAnswer({ name: "a.test", type: TYPE.aaaa }, 1, {
      answers: [alias("a.test", "b.test"), address("b.test", "2001:db8::1")],
    }),
  ];
  for (const message of messages) {
    for (let length = 0; length < message.length; length++) {
      const cut = message.subarray(0, length);
      assertThrows(() => parseDnsResponse(cut), SyntaxError, "DNS message");
    }
  }
});

Deno.test("parseDnsResponse() returns every code", () => {
  for (let code = 0; code < 16; code++) {
    const bytes = encodeAnswer(QUESTION, 7, { code });
    assertEquals(parseDnsResponse(bytes).code, code);
  }
});

Deno.test("parseDnsHead() accepts a response without the question", () => {
  assertEquals(parseDnsHead(hex("0102 8385 0000 0001 0000 0000 ff")), {
    id: 0x0102,
    name: undefined,
    type: undefined,
    code: 5,
    isTruncated: true,
    isCompetent: true,
  });
});

Deno.test("parseDnsResponse() reads no records when the response is truncated", () => {
  const whole = encodeAnswer(QUESTION, 7, {
    truncated: true,
    answers: [address(QUESTION.name, "192.0.2.1")],
  });
  const response = parseDnsResponse(whole.subarray(0, -2));
  assert(response.isTruncated);
  assertEquals(response.records, []);
});

Deno.test("parseDnsResponse() treats a time with the highest bit as 0", () => {
  const bytes = answerBytes(1, "c00c 0001 0001 80000001 0004 7f000001");
  assertEquals(parseDnsResponse(bytes).records[0]!.life, 0);
});

Deno.test("parseDnsResponse() recognises a server that is not competent", () => {
  const bytes = encodeAnswer(QUESTION, 7, { recursive: false });
  assertEquals(parseDnsResponse(bytes).isCompetent, false);
  bytes[2]! |= 0x04; // The server is authoritative.
  assertEquals(parseDnsResponse(bytes).isCompetent, true);
});

const MALFORMED: { name: string; bytes: Uint8Array; why: string }[] = [
  {
    name: "is a query",
    bytes: encodeDnsQuestion({ id: 1, name: "a", type: 1 }),
    why: "it is a question",
  },
  {
    name: "has another OPCODE",
    bytes: hex("0001 8980 0001 0000 0000 0000 00 0001 0001"),
    why: "OPCODE",
  },
  {
    name: "repeats no question",
    bytes: hex("0001 8180 0000 0000 0000 0000"),
    why: "QDCOUNT is 0",
  },
  {
    name: "repeats two questions",
    bytes: hex("0001 8180 0002 0000 0000 0000 00 0001 0001 00 0001 0001"),
    why: "QDCOUNT is 2",
  },
  {
    name: "is of another class",
    bytes: hex("0001 8180 0001 0000 0000 0000 00 0001 0003"),
    why: "QCLASS is 3",
  },
  {
    name: "has a pointer to itself",
    bytes: hex("0001 8180 0001 0000 0000 0000 c00c 0001 0001"),
    why: "does not point back",
  },
  {
    name: "has two pointers to each other",
    bytes: answerBytes(
      2,
      "c021 0063 0001 00000001 0002 c00c  c013 0063 0001 00000001 0000",
    ),
    why: "does not point back",
  },
  {
    name: "has a name that contains itself",
    bytes: answerBytes(1, "01 62 c013 0001 0001 00000001 0004 7f000001"),
    why: "does not point back",
  },
  {
    name: "has a pointer beyond the end",
    bytes: answerBytes(1, "ffff 0001 0001 00000001 0004 7f000001"),
    why: "does not point back",
  },
  {
    name: "has a label of a reserved kind",
    bytes: hex("0001 8180 0001 0000 0000 0000 40 00 0001 0001"),
    why: "a label is 64",
  },
  {
    name: "has a name of 257 bytes",
    bytes: hex(
      `0001 8180 0001 0000 0000 0000 ${
        `3f${"61".repeat(63)}`.repeat(4)
      } 00 0001 0001`,
    ),
    why: "too long",
  },
  {
    name: "has an IPv4 address of five bytes",
    bytes: answerBytes(1, "c00c 0001 0001 00000001 0005 7f00000100"),
    why: "RDLENGTH",
  },
  {
    name: "has an IPv6 address of four bytes",
    bytes: answerBytes(
      2,
      "c00c 001c 0001 00000001 0004 7f000001 c00c 0001 0001 00000001 0004 7f000001",
    ),
    why: "RDLENGTH",
  },
  {
    name: "has extra bytes after an alias",
    bytes: answerBytes(1, "c00c 0005 0001 00000001 0003 c00c 00"),
    why: "RDLENGTH",
  },
];

for (const { name, bytes, why } of MALFORMED) {
  Deno.test(`parseDnsResponse() refuses a message that ${name}`, () => {
    assertThrows(() => parseDnsResponse(bytes), SyntaxError, why);
  });
}

Deno.test("parseDnsResponse() is fast when a message is full of pointers", () => {
  // The owner of each record is a long name behind a pointer.
  const long = `${`3f${"61".repeat(63)}`.repeat(3)} 00`;
  const head = hex(
    `0001 8180 0001 1388 0000 0000 ${long} 0001 0001`,
  );
  const record = hex("c00c 0063 0001 00000001 0000");
  const bytes = new Uint8Array(head.length + 5_000 * record.length);
  bytes.set(head);
  for (let n = 0; n < 5_000; n++) {
    bytes.set(record, head.length + n * record.length);
  }
  const started = performance.now();
  assertEquals(parseDnsResponse(bytes).records, []);
  assert(performance.now() - started < 10_000);
});
