import { assertEquals } from "@std/assert";
import {
  AdminAccess,
  type AdminRequest,
} from "../../../lib/policy/users/admin_access.ts";

const TOKEN = "0123456789abcdef";

function request(given: Partial<AdminRequest> = {}): AdminRequest {
  return {
    method: "GET",
    minor: 1,
    hosts: ["127.0.0.1:9090"],
    origins: [],
    sites: [],
    authorizations: [],
    confirmations: [],
    ...given,
  };
}

function access(given: { token?: string; isUnix?: boolean } = {}): AdminAccess {
  const { token, isUnix = false } = given;
  return new AdminAccess({ token, host: "box.example", isUnix });
}

Deno.test("AdminAccess.refuseOrigin() accepts addresses, localhost and its own name as Host", () => {
  const cases: [host: string, status: number | undefined][] = [
    ["127.0.0.1:9090", undefined],
    ["127.0.0.1", undefined],
    ["[::1]:9090", undefined],
    ["192.0.2.1:1", undefined],
    ["localhost:9999", undefined],
    ["LOCALHOST", undefined],
    ["box.example:9090", undefined],
    ["Box.Example", undefined],
    ["evil.example:9090", 403],
    ["127.0.0.1.evil.example", 403],
    ["localhost.evil.example", 403],
    ["127.1", 403],
    ["", 403],
    [":9090", 403],
    ["a:b:c", 403],
    ["[::1", 403],
    ["127.0.0.1:9090, evil.example", 403],
  ];
  for (const [host, status] of cases) {
    const refusal = access().refuseOrigin(request({ hosts: [host] }));
    assertEquals(refusal?.status, status, host);
  }
  for (const hosts of [[], ["127.0.0.1", "127.0.0.1"]]) {
    assertEquals(access().refuseOrigin(request({ hosts }))?.status, 400);
  }
});

Deno.test("AdminAccess.refuseOrigin() needs no Host to read over HTTP/1.0", () => {
  const cases: [Partial<AdminRequest>, number | undefined][] = [
    [{ hosts: [] }, undefined],
    [{ hosts: [], method: "HEAD" }, undefined],
    [{ hosts: [], method: "POST" }, 400],
    [{ hosts: ["127.0.0.1", "127.0.0.1"] }, 400],
    [{ hosts: ["evil.example"] }, 403],
  ];
  for (const [given, status] of cases) {
    const old = request({ minor: 0, ...given });
    assertEquals(access().refuseOrigin(old)?.status, status);
  }
});

Deno.test("AdminAccess.refuseOrigin() accepts any Host over a Unix socket, and with a token", () => {
  const foreign = request({ hosts: ["evil.example"] });
  for (const given of [{ isUnix: true }, { token: TOKEN }]) {
    assertEquals(access(given).refuseOrigin(foreign), undefined);
  }
});

Deno.test("AdminAccess.refuseOrigin() refuses changes from other sites", () => {
  const hosts = ["127.0.0.1:9090"];
  const confirmations = ["1"];
  const cases: [Partial<AdminRequest>, number | undefined][] = [
    [{ confirmations }, undefined],
    [{ confirmations: [] }, 403],
    [{ confirmations: ["0"] }, 403],
    [{ confirmations: ["1", "1"] }, 403],
    [{ confirmations, origins: ["http://127.0.0.1:9090"] }, undefined],
    [{ confirmations, origins: ["https://127.0.0.1:9090"] }, undefined],
    [{ confirmations, origins: ["http://127.0.0.1:9091"] }, 403],
    [{ confirmations, origins: ["http://evil.example"] }, 403],
    [{ confirmations, origins: ["null"] }, 403],
    [{
      confirmations,
      origins: ["http://127.0.0.1:9090", "http://evil.example"],
    }, 403],
    [{ confirmations, sites: ["same-origin"] }, undefined],
    [{ confirmations, sites: ["none"] }, undefined],
    [{ confirmations, sites: ["same-site"] }, 403],
    [{ confirmations, sites: ["cross-site"] }, 403],
  ];
  for (const method of ["POST", "DELETE", "PUT", "get"]) {
    for (const [given, status] of cases) {
      const refusal = access().refuseOrigin(
        request({ method, hosts, ...given }),
      );
      assertEquals(refusal?.status, status, JSON.stringify([method, given]));
    }
  }
  const reading = request({ origins: ["http://evil.example"] });
  assertEquals(access().refuseOrigin(reading), undefined);
});

Deno.test("AdminAccess.refuseToken() requires the whole token", () => {
  const cases: [authorizations: string[], status: number | undefined][] = [
    [[`Bearer ${TOKEN}`], undefined],
    [[`bearer  ${TOKEN}`], undefined],
    [[], 401],
    [["Bearer "], 401],
    [[TOKEN], 401],
    [[`Basic ${TOKEN}`], 401],
    [[`Bearer ${TOKEN}0`], 401],
    [[`Bearer ${TOKEN}${TOKEN}`], 401],
    [[`Bearer ${TOKEN} `], 401],
    [[`Bearer x${TOKEN}`], 401],
    [[`Bearer ${TOKEN}`, `Bearer ${TOKEN}`], 401],
    ...Array.from(TOKEN, (_, n): [string[], number] => {
      return [[`Bearer ${TOKEN.slice(0, n)}`], 401];
    }),
    ...Array.from(TOKEN, (_, n): [string[], number] => {
      const wrong = `${TOKEN.slice(0, n)}!${TOKEN.slice(n + 1)}`;
      return [[`Bearer ${wrong}`], 401];
    }),
  ];
  for (const [authorizations, status] of cases) {
    const refusal = access({ token: TOKEN })
      .refuseToken(request({ authorizations }));
    assertEquals(refusal?.status, status, authorizations.join());
    assertEquals(access().refuseToken(request({ authorizations })), undefined);
  }
});
