import { concat } from "../../../../src/base/bytes.ts";
import { MessageType, type RawMessage } from "../../../../src/protocols/rtmp/wire/chunk/header.ts";
import { ChunkReader, maxChunkStreams } from "../../../../src/protocols/rtmp/wire/chunk/reader.ts";
import { type OutgoingMessage, serializeMessages } from "../../../../src/protocols/rtmp/wire/chunk/writer.ts";
import { equal, fromHex, hex, ok, throws } from "../../../support/assert.ts";
import { fuzz } from "../../../support/fuzz.ts";
import { Random } from "../../../support/random.ts";

/** Feeds pieces the way a socket does. */
function read(pieces: Iterable<Uint8Array>, reader = new ChunkReader()): RawMessage[] {
  const messages: RawMessage[] = [];
  for (const piece of pieces) {
    for (let from = 0; from < piece.length;) {
      const space = reader.space();
      const part = piece.subarray(from, from + space.length);
      space.set(part);
      reader.filled(part.length);
      from += part.length;
      for (let message = reader.next(); message !== null; message = reader.next()) messages.push(message);
    }
  }
  return messages;
}

function texts(messages: readonly RawMessage[]): string[] {
  return messages.map(({ type, timestamp, streamId, body }) =>
    `${type} ${timestamp} ${streamId} ${hex(body)}`
  );
}

Deno.test("chunks: the examples of the specification, §5.3.2", () => {
  // Four audio messages of 32 bytes, 20 ms apart: full header, length kept, header kept.
  const body = "ab".repeat(32);
  const audio = [
    "03 0003e8 000020 08 39300000" + body,
    "83 000014" + body,
    "c3" + body,
    "c3" + body,
  ];
  equal(
    texts(read(audio.map(fromHex))),
    [1000, 1020, 1040, 1060].map((time) => `8 ${time} 12345 ${body}`),
  );
  // One video message of 307 bytes in three chunks.
  const video = [
    "04 0003e8 000133 09 3a300000" + "01".repeat(128),
    "c4" + "02".repeat(128),
    "c4" + "03".repeat(51),
  ];
  equal(texts(read(video.map(fromHex))), [
    `9 1000 12346 ${"01".repeat(128)}${"02".repeat(128)}${"03".repeat(51)}`,
  ]);
});

const cases: { name: string; hex: string; expected: string[] }[] = [
  {
    name: "format 1 keeps the message stream, format 3 after format 0 adds its timestamp",
    hex: "04 00000a 000001 08 01000000 aa 44 000005 000002 09 bbcc c4 ddee",
    expected: ["8 10 1 aa", "9 15 1 bbcc", "9 20 1 ddee"],
  },
  {
    name: "format 3 after format 0 counts its timestamp as the difference (§5.3.1.2.4)",
    hex: "04 00000a 000001 08 01000000 aa c4 bb",
    expected: ["8 10 1 aa", "8 20 1 bb"],
  },
  {
    name: "chunk stream ids of two and three bytes",
    hex: "00 06 000001 000001 08 00000000 aa 01 0001 000002 000001 08 00000000 bb 80 06 000001 cc",
    expected: ["8 1 0 aa", "8 2 0 bb", "8 2 0 cc"],
  },
  {
    name: "interleaved messages",
    hex: "02 000000 000004 01 00000000 00000002" + // chunks of 2 bytes from here on
      "04 000000 000003 09 01000000 a1a2 05 000000 000003 08 01000000 b1b2 c4 a3 c5 b3",
    expected: ["9 0 1 a1a2a3", "8 0 1 b1b2b3"],
  },
  {
    name: "the chunk size changes inside a message",
    hex: "02 000000 000004 01 00000000 00000002" +
      "04 000000 000005 09 01000000 a1a2 02 000000 000004 01 00000000 0000 c2 0003 c4 a3a4a5",
    expected: ["9 0 1 a1a2a3a4a5"],
  },
  {
    name: "a message is given up",
    hex: "02 000000 000004 01 00000000 00000004" +
      "04 000000 000005 09 01000000 a1a2a3a4 02 000000 000004 02 00000000 00000004 84 000001 b1b2b3b4 c4 b5",
    expected: ["9 1 1 b1b2b3b4b5"],
  },
  {
    name: "a new header inside a message begins anew",
    hex: "02 000000 000004 01 00000000 00000002" +
      "04 000000 000005 09 01000000 a1a2 04 000007 000001 08 01000000 b1",
    expected: ["8 7 1 b1"],
  },
  {
    name: "extended timestamp, repeated in every chunk",
    hex: "02 000000 000004 01 00000000 00000002" +
      "04 ffffff 000003 09 01000000 01000000 a1a2 c4 01000000 a3",
    expected: ["9 16777216 1 a1a2a3"],
  },
  {
    name: "extended timestamp that is not repeated",
    hex: "02 000000 000004 01 00000000 00000004" +
      "04 ffffff 000009 09 01000000 01000000 a1a2a3a4 c4 a5a6a7a8 c4 a9 04 000000 000001 08 01000000 b1 00000000",
    expected: ["9 16777216 1 a1a2a3a4a5a6a7a8a9", "8 0 1 b1"],
  },
  {
    name: "extended difference, repeated as whole timestamp",
    hex: "02 000000 000004 01 00000000 00000002" + "04 000001 000001 09 01000000 a1" +
      "44 ffffff 000003 09 01000000 a1a2 c4 01000001 a3",
    expected: ["9 1 1 a1", "9 16777217 1 a1a2a3"],
  },
  {
    name: "timestamps wrap",
    hex: "04 ffffff 000001 08 01000000 ffffffff aa 84 000002 bb",
    expected: ["8 4294967295 1 aa", "8 1 1 bb"],
  },
  { name: "empty message", hex: "03 000000 000000 14 00000000", expected: ["20 0 0 "] },
  {
    name: "a chunk stream begins with format 1",
    hex: "44 000005 000001 08 aa",
    expected: ["8 5 0 aa"],
  },
];

Deno.test("chunks: what encoders send, cut everywhere", () => {
  for (const { name, hex: text, expected } of cases) {
    const bytes = fromHex(text);
    equal(texts(read([bytes])), expected, name);
    equal(texts(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))), expected, name);
  }
});

Deno.test("chunks: limits", () => {
  const bad: [string, RegExp][] = [
    ["c4", /chunk format: 3 without a message/],
    ["84 000000", /chunk format: 2/],
    ["04 000000 ffffff 08 00000000", /message length/],
    ["02 000000 000004 01 00000000 00000000", /chunk size/],
    ["02 000000 000004 01 00000000 80000000", /chunk size/],
    ["02 000000 000002 01 00000000 0000", /control message/],
  ];
  for (const [text, pattern] of bad) throws(() => read([fromHex(text)]), pattern, text);
  const many = Array.from(
    { length: maxChunkStreams + 1 },
    (_, i) => fromHex(`00 ${i.toString(16).padStart(2, "0")} 000000 000000 08 00000000`),
  );
  throws(() => read(many), /more than 64 chunk streams/);
});

Deno.test("chunks: unfinished messages are bounded together", () => {
  const size = 6 * 1024 * 1024;
  const reader = new ChunkReader();
  read([serializeMessages([chunkSizeMessage(size)], 128)], reader);
  // Messages of 10 MiB, of each of which the first chunk comes.
  const begin = (id: number) => [fromHex(`0${id} 000000 a00000 09 01000000`), new Uint8Array(size)];
  equal(read([...begin(4), ...begin(5)], reader), []);
  throws(() => read(begin(6), reader), /unfinished messages hold more than/);
});

function chunkSizeMessage(size: number): OutgoingMessage {
  const body = new Uint8Array(4);
  new DataView(body.buffer).setUint32(0, size);
  return { chunkStreamId: 2, type: MessageType.setChunkSize, timestamp: 0, streamId: 0, parts: [body] };
}

Deno.test("chunks: written and read, random messages, sizes and cuts", () => {
  const random = new Random(7);
  for (let run = 0; run < 60; run++) {
    const chunkSize = random.pick([1, 3, 128, 4096, 65536]);
    const sent: OutgoingMessage[] = Array.from({ length: 1 + random.int(6) }, () => ({
      chunkStreamId: 3 + random.int(60),
      type: random.pick([8, 9, 18, 20]),
      timestamp: random.pick([0, 1, 0xfffffe, 0xffffff, 0x1000000, 0xffffffff]),
      streamId: random.int(3),
      parts: Array.from(
        { length: random.int(4) },
        () => random.bytes(random.int(random.pick([4, 300, 5000]))),
      ),
    }));
    const bytes = concat([
      serializeMessages([chunkSizeMessage(chunkSize)], 128),
      serializeMessages(sent, chunkSize),
    ]);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.int(random.pick([2, 200, 100_000]));
      pieces.push(bytes.subarray(at, at + size));
      at += size;
    }
    equal(
      texts(read(pieces)),
      sent.map(({ type, timestamp, streamId, parts }) =>
        `${type} ${timestamp} ${streamId} ${hex(concat(parts))}`
      ),
    );
  }
});

Deno.test("chunks: bodies stay as they are while reading goes on", () => {
  const bodies = Array.from({ length: 300 }, (_, i) => new Uint8Array(100 + i).fill(i));
  const messages = bodies.map((body) => ({
    chunkStreamId: 4,
    type: 9,
    timestamp: 0,
    streamId: 1,
    parts: [body],
  }));
  const found = read([serializeMessages([chunkSizeMessage(4096)], 128), serializeMessages(messages, 4096)]);
  found.forEach((message, i) => equal(hex(message.body), hex(bodies[i])));
});

Deno.test("chunks: what was read can be overwritten when nobody keeps it", () => {
  const reader = new ChunkReader();
  const bytes = fromHex("04 000000 000001 08 01000000 aa 04 0000");
  read([bytes], reader);
  reader.rewind();
  equal(texts(read([fromHex("05 000001 08 01000000 bb")], reader)), ["8 5 1 bb"]);
  equal(reader.received, bytes.length + 10);
  ok(reader.space().length > 0);
});

Deno.test("chunks: arbitrary bytes", () => {
  fuzz("chunks", cases.map((entry) => fromHex(entry.hex)), (bytes) => void read([bytes]));
});
