import { assertEquals, assertThrows } from "@std/assert";
import { parseAdminAddress } from "../../lib/top/address.ts";

Deno.test("parseAdminAddress() reads ports, sockets and URLs", () => {
  const tcp = (host: string, port: number) => ({ host, port });
  for (
    const [text, name, host, path, isTls, socket] of [
      [
        "9090",
        "127.0.0.1:9090",
        "127.0.0.1:9090",
        "/",
        false,
        tcp("127.0.0.1", 9090),
      ],
      [
        "localhost:9090",
        "localhost:9090",
        "localhost:9090",
        "/",
        false,
        tcp("localhost", 9090),
      ],
      ["[::1]:9090", "[::1]:9090", "[::1]:9090", "/", false, tcp("::1", 9090)],
      ["unix:/run/a.sock", "unix:/run/a.sock", "localhost", "/", false, {
        path: "/run/a.sock",
      }],
      [
        "http://127.0.0.1:9090/",
        "http://127.0.0.1:9090",
        "127.0.0.1:9090",
        "/",
        false,
        tcp("127.0.0.1", 9090),
      ],
      [
        "http://a.example",
        "http://a.example",
        "a.example",
        "/",
        false,
        tcp("a.example", 80),
      ],
      [
        "https://a.example/sluice",
        "https://a.example/sluice/",
        "a.example",
        "/sluice/",
        true,
        tcp("a.example", 443),
      ],
      [
        "https://[::1]:8443/",
        "https://[::1]:8443",
        "[::1]:8443",
        "/",
        true,
        tcp("::1", 8443),
      ],
    ] as const
  ) {
    assertEquals(
      parseAdminAddress([text]),
      { name, host, path, isTls, socket },
      text,
    );
  }
  assertEquals(parseAdminAddress([]).name, "127.0.0.1:9090");
});

Deno.test("parseAdminAddress() explains errors", () => {
  for (
    const [given, message] of [
      [["9090", "9091"], "expected one address, not 2"],
      [["0"], "'0' has port 0; give one from 1 to 65535"],
      [["localhost"], "'localhost' has no port; write localhost:PORT"],
      [["unix:"], "'unix:' has no path"],
      [["http://"], "'http://' is not a URL"],
      [
        ["http://a.example/?token=secret"],
        "'http://a.example/?token=secret' has a query or a fragment; give only the address of the admin page",
      ],
      [
        ["https://:secret@a.example/"],
        "a URL with a name or a password is not supported; give the token with --admin-token-file or SLUICE_ADMIN_TOKEN",
      ],
    ] as const
  ) {
    assertThrows(() => parseAdminAddress(given), SyntaxError, message);
  }
});
