/** Every way to carry a video and an audio track, between all clients. */
import { createCertificate } from "./support/certificate.ts";
import { MediaFolder } from "./support/media.ts";
import { type Case, runCases } from "./support/pool.ts";
import { publish, type Publisher, type Reader, readWithAll } from "./support/scenario.ts";
import { TestServer } from "./support/server.ts";
import type { PublishTransport, ReadTransport } from "./support/transports.ts";

const publishers: readonly Publisher[] = ["FFmpeg", "GStreamer"];
const publishTransports: readonly PublishTransport[] = ["TCP", "UDP", "TLS"];
const readTransports: readonly ReadTransport[] = [
  "TCP",
  "UDP",
  "multicast",
  "TLS",
  "HTTP tunnel",
  "UDP with SRTP",
];
const tracks = ["h264", "aac"] as const;

function readersOf(transport: ReadTransport): readonly Reader[] {
  // only GStreamer speaks SRTP with MIKEY
  return transport === "UDP with SRTP" ? ["GStreamer"] : ["FFmpeg", "GStreamer", "ffprobe"];
}

interface Combination {
  readonly publisher: Publisher;
  readonly publishTransport: PublishTransport;
  readonly readTransport: ReadTransport;
}

/** All read transports of a stream published over TCP; TCP, and the publisher's own, for the other two. */
function combinations(): Combination[] {
  return publishers.flatMap((publisher) =>
    publishTransports.flatMap((publishTransport) => {
      const reads = publishTransport === "TCP" ? readTransports : ["TCP", publishTransport] as const;
      return reads.map((readTransport) => ({ publisher, publishTransport, readTransport }));
    })
  );
}

Deno.test("transports of H264 with AAC", async (t) => {
  await using media = new MediaFolder();
  await using certificate = await createCertificate();
  await using server = await TestServer.start({
    config: {
      rtspEncryption: "optional",
      rtspServerKey: certificate.keyFile,
      rtspServerCert: certificate.certFile,
    },
  });
  const cases = combinations().map(({ publisher, publishTransport, readTransport }, index): Case => ({
    name: `published by ${publisher} over ${publishTransport}, read over ${readTransport}`,
    run: async () => {
      const path = `transport${index}`;
      await using _publisher = await publish(server, media, {
        publisher,
        codecs: tracks,
        transport: publishTransport,
        path,
      });
      await readWithAll(server, readersOf(readTransport), { codecs: tracks, transport: readTransport, path });
    },
  }));
  await runCases(t, cases);
});
