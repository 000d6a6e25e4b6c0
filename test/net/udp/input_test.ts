import { parseUdpInputUrl, receiveUdpInput } from "../../../src/net/udp/input.ts";
import { equal, rejects, throws } from "../../support/assert.ts";

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
