import { assertEquals } from "@std/assert";
import http from "node:http";
import { HttpsProxyAgent } from "https-proxy-agent";
import { SocksProxyAgent } from "socks-proxy-agent";
import { ProxyAgent, request } from "undici";
import WebSocket from "ws";
import { startHttp } from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { within } from "../support/sockets.ts";

// The libraries keep timers and sockets of their own for a while.
const sanitize = { sanitizeOps: false, sanitizeResources: false };
const USERS = [{ name: "alice", password: "secret" }];

Deno.test("npm:undici's ProxyAgent gets a page", sanitize, async () => {
  await using server = startHttp(() => new Response("through the proxy"));
  await using proxy = await startTestProxy({ users: USERS });
  const dispatcher = new ProxyAgent({
    uri: `http://127.0.0.1:${proxy.addr.port}`,
    token: `Basic ${btoa("alice:secret")}`,
  });
  const { body } = await within(
    10_000,
    request(`http://localhost:${server.addr.port}/`, { dispatcher }),
  );
  assertEquals(await body.text(), "through the proxy");
  await dispatcher.close();
});

Deno.test("npm:https-proxy-agent gets a page", sanitize, async () => {
  await using server = startHttp(() => new Response("through the proxy"));
  await using proxy = await startTestProxy({ users: USERS });
  const agent = new HttpsProxyAgent(
    `http://alice:secret@127.0.0.1:${proxy.addr.port}`,
  );
  const text = await within(
    10_000,
    new Promise<string>((resolve, reject) => {
      const url = `http://localhost:${server.addr.port}/`;
      http.get(url, { agent }, async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve(text);
      }).on("error", reject);
    }),
  );
  assertEquals(text, "through the proxy");
  agent.destroy();
});

for (const scheme of ["socks4", "socks4a", "socks5", "socks5h", "socks"]) {
  Deno.test(
    `npm:socks-proxy-agent gets pages by ${scheme}://`,
    sanitize,
    async () => {
      await using server = startHttp((incoming) => new Response(incoming.body));
      const isOpen = scheme.startsWith("socks4");
      await using proxy = await startTestProxy(isOpen ? {} : { users: USERS });
      const at = `127.0.0.1:${proxy.addr.port}`;
      const agent = new SocksProxyAgent(
        `${scheme}://${isOpen ? "alice@" : "alice:secret@"}${at}`,
        { keepAlive: true },
      );
      // The others resolve names themselves, which may give an IPv6 address.
      const host = /^socks[45]$/.test(scheme) ? "127.0.0.1" : "localhost";
      const target = `${host}:${server.addr.port}`;
      for (const body of ["first", "second"]) {
        assertEquals(await post(`http://${target}/`, agent, body), body);
      }
      agent.destroy();
      const [record] = await within(10_000, proxy.whenEnded(1));
      assertEquals(record!.target, target);
      assertEquals(record!.user, "alice");
      assertEquals(proxy.ended.length, 1, "the tunnel was not kept");
    },
  );
}

function post(
  url: string,
  agent: http.Agent,
  body: string,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { agent, method: "POST" };
  http.request(url, options, async (response) => {
    let text = "";
    for await (const chunk of response) text += chunk;
    resolve(text);
  }).on("error", reject).end(body);
  return within(10_000, promise);
}

for (const how of ["absolute-form", "CONNECT"]) {
  Deno.test(`npm:ws talks through the proxy by ${how}`, sanitize, async () => {
    await using server = startHttp((incoming) => {
      const { socket, response } = Deno.upgradeWebSocket(incoming);
      socket.onmessage = ({ data }) => socket.send(`${data}!`);
      return response;
    });
    await using proxy = await startTestProxy();
    const target = `127.0.0.1:${server.addr.port}`;
    const at = `127.0.0.1:${proxy.addr.port}`;
    const socket = how === "CONNECT"
      ? new WebSocket(`ws://${target}/`, {
        agent: new HttpsProxyAgent(`http://${at}`),
      })
      : new WebSocket(`ws://${target}/`, {
        // What a client does that sends ws:// as it sends http://.
        finishRequest(outgoing: http.ClientRequest) {
          outgoing.path = `http://${target}/`;
          outgoing.end();
        },
        createConnection: () =>
          http.globalAgent.createConnection!({
            host: "127.0.0.1",
            port: proxy.addr.port,
          } as http.ClientRequestArgs),
        // deno-lint-ignore no-explicit-any
      } as any);
    const answer = await within(
      10_000,
      new Promise<string>((resolve, reject) => {
        socket.on("open", () => socket.send("hello"));
        socket.on("message", (data: unknown) => resolve(String(data)));
        socket.on("error", reject);
      }),
    );
    assertEquals(answer, "hello!");
    socket.terminate();
  });
}
