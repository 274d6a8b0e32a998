import { assertEquals, assertThrows } from "@std/assert";
import { formatRedisPlace, parseRedisUrl } from "../../lib/wire/redis_url.ts";

const NAMED = { host: "db.example", port: 6379 };

Deno.test("parseRedisUrl() and formatRedisPlace() go together, without the login", () => {
  const cases = [
    ["redis://db.example", "redis://db.example:6379", {
      ...{ hosts: [NAMED], isTls: false, database: 0 },
    }],
    ["rediss://eve:a%40b@db.example:1/3", "rediss://db.example:1/3", {
      ...{ hosts: [{ host: "db.example", port: 1 }], isTls: true },
      ...{ database: 3, user: "eve", password: "a@b" },
    }],
    ["redis://:secret@[::1]:6379/", "redis://[::1]:6379", {
      ...{ hosts: [{ host: "::1", port: 6379 }], isTls: false, database: 0 },
      password: "secret",
    }],
    ["unix:/run/redis.sock", "unix:/run/redis.sock", {
      ...{ path: "/run/redis.sock", hosts: [], isTls: false, database: 0 },
    }],
    ["unix://eve:secret@/run/redis.sock?db=2", "unix:/run/redis.sock?db=2", {
      ...{ path: "/run/redis.sock", hosts: [], isTls: false, database: 2 },
      ...{ user: "eve", password: "secret" },
    }],
    [
      "redis+sentinel://:secret@db.example,10.0.0.1:2/main/4",
      "redis+sentinel://db.example:26379,10.0.0.1:2/main/4",
      {
        hosts: [{ host: "db.example", port: 26379 }, {
          ...{ host: "10.0.0.1", port: 2 },
        }],
        ...{ isTls: false, database: 4, master: "main", password: "secret" },
      },
    ],
  ] as const;
  for (const [text, shown, expected] of cases) {
    const place = parseRedisUrl(text);
    assertEquals<unknown>(place, expected, text);
    assertEquals(formatRedisPlace(place), shown);
  }
});

Deno.test("parseRedisUrl() refuses anything else, and repeats no password", () => {
  const cases = [
    ["", "expected redis://HOST:PORT"],
    ["db.example:6379", "expected redis://HOST:PORT"],
    ["http://db.example", "expected redis://HOST:PORT"],
    ["redis://", "the host is missing"],
    ["redis://:6379", "the host is missing"],
    ["redis://db.example:0", "port 0 is none to connect to"],
    ["redis://db.example:99999", "port '99999' is not a number"],
    ["redis://eve@db.example", "a login has no password"],
    ["redis://eve:%ZZ@db.example", "not percent-encoded"],
    ["redis://eve:se/cret@db.example", "is not"],
    ["redis://db.example/one", "the database after the / is not a number"],
    ["redis://a,b", "several hosts are a cluster, which is not supported"],
    ["redis+sentinel://a,b", "the name of the master is missing"],
    [`redis+sentinel://${"a,".repeat(16)}a/m`, "17 Sentinels, not 16"],
    [`unix:/${"a".repeat(103)}`, "has 104 bytes, not 103 at most"],
  ] as const;
  for (const [text, message] of cases) {
    const error = assertThrows(() => parseRedisUrl(text), SyntaxError);
    if (message !== "is not") {
      assertEquals(error.message.includes(message), true, error.message);
    }
    assertEquals(/cret|%ZZ/.test(error.message), false, error.message);
  }
});
