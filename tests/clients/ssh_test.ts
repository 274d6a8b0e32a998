import { assertEquals } from "@std/assert";
import {
  makeFolder,
  onlyConnection,
  run,
  testPrograms,
} from "../support/programs.ts";
import { startTestProxy } from "../support/proxy.ts";
import { cacheEnvironment, SLUICE } from "../support/sluice_commands.ts";
import { makeKeys, sshOptions, startSshd } from "../support/sshd.ts";

testPrograms({
  name: "ssh goes through nc -X 5, and carries 5 MB both ways",
  needs: ["ssh", "ssh-keygen", "sshd", "nc (OpenBSD)"],
  async fn({ ssh, sshd, "ssh-keygen": sshKeygen, "nc (OpenBSD)": nc }) {
    await using folder = await makeFolder();
    await makeKeys(sshKeygen, folder.path);
    await using server = startSshd(sshd, `${folder.path}/sshd_config`);
    await using proxy = await startTestProxy();
    const options = sshOptions(
      folder.path,
      server,
      `${nc} -X 5 -x 127.0.0.1:${proxy.addr.port} %h %p`,
    );
    const data = new Uint8Array(5_000_000).map((_, index) =>
      Math.imul(index, 0x9e3779b1) >>> 24
    );
    const { code, stdout, stderr } = await run(
      ssh,
      [...options, "127.0.0.1", "echo begin; cat; exit 7"],
      { stdin: data },
    );
    assertEquals(code, 7, stderr);
    const begin = new TextEncoder().encode("begin\n");
    assertEquals(stdout.subarray(0, begin.length), begin);
    const returned = stdout.subarray(begin.length);
    assertEquals(returned.length, data.length);
    assertEquals(returned.every((byte, index) => byte === data[index]), true);
    const { target, sent, received, result } = await onlyConnection(proxy);
    assertEquals(target, `127.0.0.1:${server.addr.port}`);
    assertEquals(Math.min(sent, received) > data.length, true);
    assertEquals(result, "ok");
  },
});

testPrograms({
  name:
    "ssh goes through sluice connect and a proxy, and carries 5 MB both ways",
  needs: ["ssh", "ssh-keygen", "sshd"],
  async fn({ ssh, sshd, "ssh-keygen": sshKeygen }) {
    await using folder = await makeFolder();
    await makeKeys(sshKeygen, folder.path);
    await using server = startSshd(sshd, `${folder.path}/sshd_config`);
    await using proxy = await startTestProxy();
    const options = sshOptions(
      folder.path,
      server,
      `${
        SLUICE.join(" ")
      } connect --quiet --via socks5h://127.0.0.1:${proxy.addr.port} %h:%p`,
    );
    const data = crypto.getRandomValues(new Uint8Array(50_000));
    const sent = new Uint8Array(5_000_000).map((_, n) => data[n % 50_000]!);
    const { code, stdout, stderr } = await run(
      ssh,
      [...options, "127.0.0.1", "cat; exit 7"],
      { stdin: sent, env: cacheEnvironment() },
    );
    assertEquals(code, 7, stderr);
    assertEquals(stderr, "");
    assertEquals(stdout.length, sent.length);
    assertEquals(stdout.every((byte, index) => byte === sent[index]), true);
    assertEquals((await proxy.whenEnded(1))[0]!.protocol, "socks5");
  },
});
