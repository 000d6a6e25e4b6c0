/** HLS with real clients: every variant, and a minute of it judged by the rules. */
import { hostileCases, HostileSite } from "./hls/hostile.ts";
import { liveCase, liveMediaSeconds } from "./hls/live.ts";
import { readerCases, type Variant } from "./hls/readers.ts";
import { sessionCases, startSessionServer } from "./hls/sessions.ts";
import { MediaFolder } from "./support/media.ts";
import { patient } from "./support/patience.ts";
import { type Case, runCases } from "./support/pool.ts";
import { TestServer } from "./support/server.ts";

function start(variant: Variant): Promise<TestServer> {
  return TestServer.start({
    // a reader may be late by so many seconds
    config: {
      ...patient,
      rtmp: true,
      hls: true,
      hlsVariant: variant,
      hlsAlwaysRemux: true,
      hlsSegmentCount: 20,
    },
  });
}

Deno.test("HLS: variants, codecs, a minute of live playlists", async (t) => {
  await using media = new MediaFolder();
  await using liveMedia = new MediaFolder(liveMediaSeconds);
  await using lowLatency = await start("lowLatency");
  await using fmp4 = await start("fmp4");
  await using mpegts = await start("mpegts");
  await using guarded = await startSessionServer();
  const servers = { lowLatency, fmp4, mpegts };
  const cases: Case[] = [
    liveCase(servers, liveMedia),
    ...sessionCases(guarded),
    ...readerCases(servers, media),
  ];
  await runCases(t, cases, 4);
});

Deno.test("HLS: hostile and slow clients", async (t) => {
  await using site = await HostileSite.start();
  await runCases(t, hostileCases(site));
});
