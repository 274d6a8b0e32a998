import { assertEquals, assertThrows } from "@std/assert";
import { formatHostPort, parseHostPort } from "../../lib/wire/host_port.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";

Deno.test("parseHostPort() accepts every form", () => {
  const cases = [
    { text: "example.com:443", host: "example.com", port: 443 },
    { text: "127.0.0.1:1080", host: "127.0.0.1", port: 1080 },
    { text: "[::1]:1080", host: "::1", port: 1080 },
    { text: "[::]:0", host: "::", port: 0 },
    { text: "[2001:db8::1]:65535", host: "2001:db8::1", port: 65535 },
    { text: "[::ffff:127.0.0.1]:80", host: "::ffff:127.0.0.1", port: 80 },
    { text: ":1080", host: "default", port: 1080 },
    { text: "1080", host: "default", port: 1080 },
    { text: "0", host: "default", port: 0 },
    { text: "65535", host: "default", port: 65535 },
    { text: "00080", host: "default", port: 80 },
    { text: "localhost:0", host: "localhost", port: 0 },
  ];
  for (const { text, host, port } of cases) {
    assertEquals(parseHostPort(text, "default"), { host, port }, text);
  }
});

Deno.test("parseHostPort() says what is wrong when the text is invalid", () => {
  const badPort = (port: string) =>
    `port '${port}' is not a number from 0 to 65535`;
  const cases = [
    { text: "", message: badPort("") },
    { text: ":", message: "':' has no port; write :PORT" },
    {
      text: "example.com",
      message: "'example.com' has no port; write example.com:PORT",
    },
    {
      text: "example.com:",
      message: "'example.com:' has no port; write example.com:PORT",
    },
    { text: "example.com:http", message: badPort("http") },
    { text: "example.com:65536", message: badPort("65536") },
    { text: "example.com:99999", message: badPort("99999") },
    { text: "example.com:100000", message: badPort("100000") },
    { text: "example.com:-1", message: badPort("-1") },
    { text: "example.com:+1", message: badPort("+1") },
    { text: "example.com:1.5", message: badPort("1.5") },
    { text: "example.com:1e3", message: badPort("1e3") },
    { text: "example.com:0x50", message: badPort("0x50") },
    { text: "example.com: 80", message: badPort(" 80") },
    { text: "example.com:80 ", message: badPort("80 ") },
    { text: "example.com:80\n", message: badPort("80\n") },
    { text: "example.com:٨٠", message: badPort("٨٠") },
    { text: "[::1]:", message: "'[::1]:' has no port; write [::1]:PORT" },
    {
      text: "127.0.0.1",
      message: "'127.0.0.1' has no port; write 127.0.0.1:PORT",
    },
    { text: "-1", message: badPort("-1") },
    { text: "65536", message: badPort("65536") },
    { text: "a:b:80", message: "'a:b:80' is not HOST:PORT" },
    { text: "[::1]", message: "'[::1]' has no port; write [::1]:1080" },
    {
      text: "::1:24001",
      message: "'::1:24001' needs brackets around the address: [::1]:24001",
    },
    { text: "[::1]80", message: "'[::1]80' is not HOST:PORT" },
    { text: "http://a:80", message: "'http://a:80' is not HOST:PORT" },
    { text: "::1", message: "'::1' needs brackets and a port: [::1]:1080" },
    {
      text: "2001:db8::1",
      message: "'2001:db8::1' needs brackets and a port: [2001:db8::1]:1080",
    },
    { text: "[]:80", message: "'' in brackets is not an IPv6 address" },
    {
      text: "[127.0.0.1]:80",
      message: "'127.0.0.1' in brackets is not an IPv6 address",
    },
    {
      text: "[example.com]:80",
      message: "'example.com' in brackets is not an IPv6 address",
    },
    {
      text: "[fe80::1%eth0]:80",
      message: "'fe80::1%eth0' in brackets is not an IPv6 address",
    },
  ];
  for (const { text, message } of cases) {
    const error = assertThrows(
      () => parseHostPort(text, "default"),
      SyntaxError,
    );
    assertEquals(error.message, message);
  }
});

Deno.test("formatHostPort() adds brackets to IPv6 only", () => {
  const cases = [
    { host: "example.com", want: "example.com:443" },
    { host: "127.0.0.1", want: "127.0.0.1:443" },
    { host: "::1", want: "[::1]:443" },
    { host: "", want: ":443" },
    { host: parseIpAddress("192.0.2.1")!, want: "192.0.2.1:443" },
    { host: parseIpAddress("2001:DB8:0::1")!, want: "[2001:db8::1]:443" },
    {
      host: parseIpAddress("::ffff:192.0.2.1")!,
      want: "[::ffff:192.0.2.1]:443",
    },
  ];
  for (const { host, want } of cases) {
    assertEquals(formatHostPort(host, 443), want);
  }
});

Deno.test("parseHostPort() after formatHostPort() is identity", () => {
  for (const host of ["example.com", "192.0.2.1", "::", "2001:db8::1"]) {
    for (const port of [0, 1, 80, 65535]) {
      const text = formatHostPort(host, port);
      assertEquals(parseHostPort(text, "default"), { host, port });
    }
  }
});
