import { parseUnixInputUrl, readUnixInput } from "../../src/net/unix_input.ts";
import { equal, rejects, throws } from "../support/assert.ts";

Deno.test("unix input: paths of sockets", () => {
  equal(parseUnixInputUrl("unix+rtp:///tmp/a..b/c.sock"), "/tmp/a..b/c.sock");
  equal(parseUnixInputUrl("unix+mpegts://c.sock"), "c.sock");
  for (const path of ["/tmp/../run/x.sock", "../x.sock", "/tmp/x/..", "..\\x.sock"]) {
    throws(() => parseUnixInputUrl(`unix+rtp://${path}`), /'\.\.' in the path/);
  }
  throws(() => parseUnixInputUrl("unix+rtp://"), /invalid URL/);
});

Deno.test("unix input: files and links that are no sockets stay", async () => {
  const folder = await Deno.makeTempDir();
  const [file, link, target] = [`${folder}/file`, `${folder}/link`, `${folder}/target.sock`];
  await Deno.writeTextFile(file, "precious");
  const listener = Deno.listen({ transport: "unix", path: target });
  await Deno.symlink(target, link);
  const { signal } = new AbortController();
  for (const path of [file, link]) {
    await rejects(readUnixInput(path, { read: () => {} }, signal), /the file exists and is no socket$/);
  }
  equal(await Deno.readTextFile(file), "precious");
  equal((await Deno.lstat(link)).isSymlink, true);
  listener.close();
  await Deno.remove(folder, { recursive: true });
});
