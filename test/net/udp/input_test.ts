import { parseUdpInputUrl, receiveUdpInput } from "../../../src/net/udp/input.ts";
import { equal, rejects, throws } from "../../support/assert.ts";
import { guarded } from "../../support/guarded.ts";
import { freeUdpPair } from "../../support/ports.ts";

Deno.test("UDP input: URLs", () => {
  const cases: [string, ReturnType<typeof parseUdpInputUrl>][] = [
    ["udp://127.0.0.1:5000", { hostname: "127.0.0.1", port: 5000 }],
    ["udp+rtp://[::1]:5000/", { hostname: "::1", port: 5000 }],
    ["udp+mpegts://@239.1.2.3:1?source=10.0.0.7&interface=eth0", {
      hostname: "239.1.2.3",
      port: 1,
      source: "10.0.0.7",
      interfaceName: "eth0",
    }],
    ["udp://localhost:65535?source=2001:db8:0::1&pkt_size=1316", {
      hostname: "localhost",
      port: 65535,
      source: "2001:db8::1",
    }],
  ];
  for (const [url, address] of cases) equal(parseUdpInputUrl(url), address);
});

Deno.test("UDP input: URLs that cannot be", () => {
  const cases: [string, string][] = [
    ["udp://127.0.0.1", "invalid URL"],
    ["udp://127.0.0.1:5000/path", "invalid URL"],
    ["udp://:5000", "invalid URL"],
    ["udp://127.0.0.1:0", "invalid port: 0"],
    ["udp://127.0.0.1:65536", "invalid port: 65536"],
    ["udp://127.0.0.1:5000?sourse=10.0.0.1", "unknown parameter 'sourse'"],
    ["udp://127.0.0.1:5000?source=camera", "'camera' is no IP address"],
  ];
  for (const [url, text] of cases) {
    throws(() => parseUdpInputUrl(url), (error: Error) => error.message.includes(text), url);
  }
});

Deno.test("UDP input: interfaces that do not exist, or make no sense", async () => {
  const options = { readBufferSize: 0, fastPath: "auto" } as const;
  const receive = (url: string) =>
    receiveUdpInput(parseUdpInputUrl(url), options, AbortSignal.abort(), () => {});
  await rejects(
    () => receive("udp://239.1.2.3:5000?interface=nope"),
    /there is no network interface 'nope'/,
  );
  await rejects(() => receive("udp://127.0.0.1:5000?interface=lo"), /is for multicast/);
});

for (const fastPath of ["auto", "no"] as const) {
  Deno.test({
    name: `UDP input: an IPv6 group (fast path: ${fastPath})`,
    ignore: !Deno.networkInterfaces().some(({ address }) => address.startsWith("fe80:")),
    fn: async () => {
      const group = "ff11::77:1";
      const sender = Deno.listenDatagram({ transport: "udp", hostname: "::", port: 0, loopback: true });
      const port = freeUdpPair();
      const abort = new AbortController();
      const got = Promise.withResolvers<Uint8Array>();
      const receiving = receiveUdpInput(
        { hostname: group, port },
        { readBufferSize: 0, fastPath },
        abort.signal,
        ([{ bytes }]) => got.resolve(bytes),
      );
      const timer = setInterval(() => {
        sender.send(Uint8Array.of(1, 2, 3), { transport: "udp", hostname: group, port }).catch(() => {});
      }, 20);
      equal(await guarded("a packet", Promise.race([got.promise, receiving])), Uint8Array.of(1, 2, 3));
      clearInterval(timer);
      abort.abort();
      await receiving;
      sender.close();
    },
  });
}

Deno.test("UDP input: what the receiver throws ends it", async () => {
  const port = freeUdpPair();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const address = { hostname: "127.0.0.1", port };
  const options = { readBufferSize: 0, fastPath: "auto" } as const;
  const receiving = receiveUdpInput(address, options, new AbortController().signal, () => {
    throw new Error("no more");
  });
  const timer = setInterval(() => {
    socket.send(Uint8Array.of(1), { transport: "udp", ...address }).catch(() => {});
  }, 20);
  await rejects(() => receiving, /no more/);
  clearInterval(timer);
  socket.close();
});
