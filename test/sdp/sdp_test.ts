import { ParseError } from "../../src/base/errors.ts";
import { mediasFromSdp, type MediaToDescribe, sdpFromMedias, sessionControl } from "../../src/sdp/medias.ts";
import { maxAttributes, maxFormats, maxMedias, maxSdp, parseSdp } from "../../src/sdp/parse.ts";
import { serializeSdp } from "../../src/sdp/serialize.ts";
import { attributeValue } from "../../src/sdp/session.ts";
import { equal, throws } from "../support/assert.ts";
import { fuzz } from "../support/fuzz.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const video: MediaToDescribe = {
  kind: "video",
  control: "trackID=0",
  formats: [{ payloadType: 96, clockRate: 90000, codec: { name: "VP8" } }],
};
const audio: MediaToDescribe = {
  kind: "audio",
  control: "trackID=1",
  formats: [{
    payloadType: 8,
    clockRate: 8000,
    codec: { name: "G711", muLaw: false, sampleRate: 8000, channelCount: 1 },
  }],
};

Deno.test("a description is written in the order that clients know", () => {
  equal(
    serializeSdp(
      sdpFromMedias([video, { ...audio, profile: "SAVP", keyMgmt: "mikey AQAF" }], { title: "cam" }),
    ),
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n" +
      "m=video 0 RTP/AVP 96\r\na=control:trackID=0\r\na=rtpmap:96 VP8/90000\r\n" +
      "m=audio 0 RTP/SAVP 8\r\na=key-mgmt:mikey AQAF\r\na=control:trackID=1\r\na=rtpmap:8 PCMA/8000\r\n",
  );
});

Deno.test("without a title the name is a space, multicast has its address, back channels are marked", () => {
  equal(
    serializeSdp(
      sdpFromMedias([video, { ...audio, isBackChannel: true }], { connectionAddress: "224.1.0.0" }),
    ),
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns= \r\nc=IN IP4 224.1.0.0\r\nt=0 0\r\n" +
      "m=video 0 RTP/AVP 96\r\na=recvonly\r\na=control:trackID=0\r\na=rtpmap:96 VP8/90000\r\n" +
      "m=audio 0 RTP/AVP 8\r\na=sendonly\r\na=control:trackID=1\r\na=rtpmap:8 PCMA/8000\r\n",
  );
});

Deno.test("line ends in values cannot add lines", () => {
  const session = parseSdp(serializeSdp(sdpFromMedias([video], { title: "x\r\na=evil:1" })));
  equal(attributeValue(session.attributes, "evil"), undefined);
  equal(session.name, "x a=evil:1");
});

Deno.test("the session's control, connection and time to live", () => {
  const session = parseSdp("v=0\ns=-\na=control:rtsp://h/p/\nc=IN IP6 ff15::101/3\nm=video 5/2 RTP/AVP 26\n");
  equal(sessionControl(session), "rtsp://h/p/");
  equal(session.connection, { address: "ff15::101", ttl: 3 });
  equal(session.medias[0].port, 5);
  equal(parseSdp(serializeSdp(session)), { ...session, origin: "- 0 0 IN IP4 127.0.0.1" });
  equal(sessionControl(parseSdp("a=control:*\nm=video 0 RTP/AVP 26\n")), undefined);
});

const connections: [text: string, address: string | undefined, ttl?: number][] = [
  ["IN IP4 239.255.42.42/127", "239.255.42.42", 127],
  ["IN IPV4 10.0.0.1", "10.0.0.1"],
  ["IN 192.168.4.232", "192.168.4.232"],
  ["IN c=IN IP4 192.168.4.232", "192.168.4.232"],
  ["in ip4 0.0.0.0", "0.0.0.0"],
  ["IN", undefined],
  ["", undefined],
];
for (const [text, address, ttl] of connections) {
  Deno.test(`c=${text}`, () => {
    const { connection } = parseSdp(`v=0\nc=${text}\nm=video 0 RTP/AVP 26\n`);
    equal(connection?.address, address);
    equal(connection?.ttl, ttl);
  });
}

const refused: [name: string, text: string, field: string][] = [
  ["nothing", "", "SDP"],
  ["no SDP at all", "<html>Not found</html>", "SDP"],
  ["only v=", "v=0\r\n", "SDP"],
  ["no media", "v=0\r\na=control:*\r\n", "SDP"],
  ["no RTP media", "v=0\r\nm=audio 9 TCP/MSRP *\r\n", "SDP"],
  ["too long", "v=0\r\n" + "b".repeat(maxSdp), "SDP"],
  ["too many medias", "m=video 0 RTP/AVP 26\n".repeat(maxMedias + 1), "m="],
  ["too many attributes", "m=video 0 RTP/AVP 26\n" + "a=x\n".repeat(maxAttributes + 1), "a="],
  ["too many formats", "m=video 0 RTP/AVP" + " 96".repeat(maxFormats + 1), "m="],
];
for (const [name, text, field] of refused) {
  Deno.test(`refused: ${name}`, () => {
    throws(
      () => mediasFromSdp(parseSdp(text)),
      (error) => error instanceof ParseError && error.field === field,
    );
  });
}

Deno.test("fuzz: only ParseError, and what we write about it is read again", () => {
  const folder = new URL("../fixtures/sdp/", import.meta.url);
  const seeds = [...Deno.readDirSync(folder)].map(({ name }) => Deno.readFileSync(new URL(name, folder)));
  seeds.push(ascii(serializeSdp(sdpFromMedias([video, audio]))));
  const decoder = new TextDecoder();
  fuzz("parseSdp", seeds, (bytes) => {
    const session = parseSdp(decoder.decode(bytes));
    parseSdp(serializeSdp(session));
    const medias = mediasFromSdp(session);
    const ours = sdpFromMedias(medias.map((media, i) => ({ ...media, control: `trackID=${i}` })));
    const again = mediasFromSdp(parseSdp(serializeSdp(ours)));
    equal(again.map((media) => media.formats.length), medias.map((media) => media.formats.length));
  });
});

Deno.test("long runs of one character are no work", () => {
  // Patterns that look for the end of a run take quadratic time: this would take minutes.
  for (const char of [" ", "\t", "=", "/", ";", ",", '"', "0"]) {
    const run = char.repeat(120_000);
    const head = "v=0\nm=video 0 RTP/AVP 96\n";
    for (const line of ["s=x", "c=IN x", "a=", "a=rtpmap:96 H264", "a=fmtp:96 sprop-parameter-sets="]) {
      equal(mediasFromSdp(parseSdp(`${head}${line}${run}x\n`)).length, 1);
    }
  }
});
