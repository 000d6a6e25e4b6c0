/** Segments as files, when one muxer follows another in the same folder. */
import { createLogger } from "../../../src/base/logger.ts";
import { HlsDirectory } from "../../../src/protocols/hls/directory.ts";
import { equal, ok } from "../../support/assert.ts";

async function appeared(path: string): Promise<void> {
  const limit = Date.now() + 60_000;
  for (;;) {
    try {
      return void await Deno.stat(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    ok(Date.now() < limit, `${path} was not written`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

Deno.test("HLS directory: a muxer that follows another finds its files left alone", async () => {
  const root = await Deno.makeTempDir();
  const folder = `${root}/cam`;
  const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const problems: string[] = [];
  const logger = createLogger((_, message) => problems.push(message), () => true);
  const bytes = new TextEncoder().encode("x");
  try {
    const first = new HlsDirectory(folder, logger);
    for (let i = 0; i < 40; i++) first.added(`old_seg${i}.mp4`, bytes);
    first.publish([{ name: "index.m3u8", bytes }]);
    const closed = first.close();
    // The publisher is there again at once.
    const second = new HlsDirectory(folder, logger);
    second.added("new_init.mp4", bytes);
    second.publish([{ name: "index.m3u8", bytes }]);
    await closed;
    second.added("new_seg0.mp4", bytes);
    await appeared(`${folder}/new_seg0.mp4`);
    equal(names(), ["index.m3u8", "new_init.mp4", "new_seg0.mp4"]);
    // Somebody tidies up: what comes from now on is there again.
    await Deno.remove(folder, { recursive: true });
    second.added("new_seg0.mp4", bytes);
    await appeared(`${folder}/new_seg0.mp4`);
    await second.close();
    equal([...Deno.readDirSync(root)], []);
    equal(problems, []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
