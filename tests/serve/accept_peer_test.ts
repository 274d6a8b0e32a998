import { assertEquals } from "@std/assert";
import { acceptPeer } from "../../lib/serve/accept_peer.ts";
import { Session } from "../../lib/serve/session.ts";
import { Context } from "../../lib/sync/context.ts";
import { testServices } from "../support/services.ts";
import { socketPair, within } from "../support/sockets.ts";

Deno.test("acceptPeer() goes on waiting when somebody was reset before it was accepted", async () => {
  const [client, accepted] = await socketPair();
  using session = new Session(
    accepted,
    new Context(),
    new Context(),
    testServices(),
  );
  session.reader.release();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accept = listener.accept.bind(listener);
  const errors: Error[] = [
    new Deno.errors.NotConnected("gone"),
    new Deno.errors.ConnectionAborted("gone"),
    Object.assign(new Error("gone"), { code: "EPROTO" }),
  ];
  listener.accept = () => {
    const error = errors.shift();
    return error === undefined ? accept() : Promise.reject(error);
  };
  const arriving = acceptPeer(session, listener, () => true);
  const { hostname, port } = listener.addr as Deno.NetAddr;
  using peer = await Deno.connect({ hostname, port });
  using arrived = await within(5_000, arriving);
  assertEquals(arrived.remoteAddr, peer.localAddr);
  assertEquals(errors, []);
  client.close();
});
