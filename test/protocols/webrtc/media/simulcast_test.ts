import { equal, ok } from "../../../support/assert.ts";
import { h264, media, negotiated } from "./support/media.ts";
import { rtp, TestPublisher, text } from "./support/test_publisher.ts";

const section = media("video", [negotiated(h264, 102)], {
  extensions: { mid: 1, rid: 2, repairedRid: 3 },
  rids: ["high", "low"],
});

/** A publisher of two layers with numbers and times of their own; the second byte of a picture tells its layer. */
class Layers implements Disposable {
  readonly publisher: TestPublisher = new TestPublisher([section]);
  #frames = 0;
  readonly #sequences = { high: 60_000, low: 100 };

  constructor(private readonly sizes = { high: 4, low: 4 }) {}

  /** One picture of each layer, 33 ms after the one before. */
  send(layers: { readonly high?: "key" | "delta"; readonly low?: "key" | "delta" }): void {
    this.#frames++;
    for (const rid of ["high", "low"] as const) {
      const kind = layers[rid];
      if (kind === undefined) continue;
      const payload = Uint8Array.of(
        kind === "key" ? 0x65 : 0x61,
        rid === "high" ? 0x11 : 0x22,
        this.#frames,
        ...new Uint8Array(this.sizes[rid] - 3).fill(1),
      );
      const timestamp = (rid === "high" ? 500_000 : 0xffff_f000) + this.#frames * 3000 >>> 0;
      const sequence = this.#sequences[rid]++ & 0xffff;
      const ssrc = rid === "high" ? 31 : 32;
      this.publisher.send(
        rtp({ payloadType: 102, sequence, timestamp, ssrc, extensions: { 2: text(rid) } }, payload),
      );
    }
    this.publisher.wait(20);
    this.publisher.now += 13;
  }

  /** A key frame of the better layer in three packets, of which the middle may get lost. */
  sendFragmented(whole: boolean): void {
    this.#frames++;
    for (const flags of [0x80, 0, 0x40]) {
      const sequence = this.#sequences.high++ & 0xffff;
      const timestamp = 500_000 + this.#frames * 3000;
      const fields = { payloadType: 102, sequence, timestamp, ssrc: 31, marker: flags === 0x40 };
      if (whole || flags !== 0) this.publisher.send(rtp(fields, Uint8Array.of(0x7c, flags | 5, 0x11, 1)));
    }
  }

  /** A packet of the layer gets lost. */
  lose(rid: "high" | "low"): void {
    this.#sequences[rid]++;
  }

  repeat(times: number, layers: Parameters<Layers["send"]>[0]): void {
    for (let i = 0; i < times; i++) this.send(layers);
  }

  /** Of each unit that came out. */
  get layers(): string {
    return this.publisher.units.map((unit) => unit.payload![0][1] === 0x11 ? "H" : "L").join("");
  }

  get sequences(): number[] {
    return this.publisher.units.flatMap((unit) => unit.packets.map(({ sequence }) => sequence));
  }

  /** The layers of the requests for key frames since the last call. */
  asked(): string[] {
    return this.publisher.take("pli").map(({ mediaSsrc }) => mediaSsrc === 31 ? "high" : "low");
  }

  [Symbol.dispose](): void {
    this.publisher[Symbol.dispose]();
  }
}

function isContinuous(layers: Layers): void {
  const { units } = layers.publisher;
  const { sequences } = layers;
  ok(
    sequences.every((sequence, i) => i === 0 || sequence === (sequences[i - 1] + 1 & 0xffff)),
    sequences.join(),
  );
  const steps = units.slice(1).map(({ pts }, i) => pts - units[i].pts);
  ok(steps.every((step) => step > 0 && step < 10 * 3000), steps.join());
  equal(new Set(units.flatMap((unit) => unit.packets.map(({ ssrc }) => ssrc))).size, 1);
}

Deno.test("WebRTC simulcast: the best layer is taken, one picture at a time", () => {
  using layers = new Layers();
  layers.send({ high: "key", low: "key" });
  layers.repeat(50, { high: "delta", low: "delta" });
  equal(new Set(layers.layers), new Set(["H"]));
  isContinuous(layers);
  equal(layers.asked(), []);
});

Deno.test("WebRTC simulcast: a layer that pauses is left at a key frame of the next one", () => {
  using layers = new Layers();
  layers.send({ high: "key", low: "key" });
  layers.repeat(10, { high: "delta", low: "delta" });
  layers.repeat(40, { low: "delta" });
  ok(/^H+$/.test(layers.layers), layers.layers);
  const asked = layers.asked();
  ok(asked.length > 0 && asked.every((rid) => rid === "low"), asked.join());
  layers.send({ low: "key" });
  layers.repeat(10, { low: "delta" });
  ok(/^H+L{11}$/.test(layers.layers), layers.layers);
  ok(layers.publisher.units.find((unit) => unit.payload![0][1] === 0x22)!.randomAccess);
  const { sequences } = layers;
  ok(
    sequences.every((sequence, i) => i === 0 || sequence === (sequences[i - 1] + 1 & 0xffff)),
    sequences.join(),
  );
});

Deno.test("WebRTC simulcast: a better layer is taken once it is stable, at its key frame", () => {
  using layers = new Layers({ high: 40, low: 10 });
  layers.send({ low: "key" });
  layers.repeat(10, { low: "delta" });
  layers.send({ high: "key", low: "delta" });
  layers.repeat(30, { high: "delta", low: "delta" });
  equal(new Set(layers.layers), new Set(["L"]));
  equal(layers.asked(), []);
  layers.repeat(40, { high: "delta", low: "delta" });
  equal(new Set(layers.asked()), new Set(["high"]));
  equal(new Set(layers.layers), new Set(["L"]));
  layers.send({ high: "key", low: "delta" });
  layers.repeat(10, { high: "delta", low: "delta" });
  ok(/^L+H{11}$/.test(layers.layers), layers.layers);
  isContinuous(layers);
});

Deno.test("WebRTC simulcast: layers that were not announced are not taken", () => {
  using layers = new Layers();
  layers.send({ high: "key" });
  const { publisher } = layers;
  for (let i = 0; i < 100; i++) {
    publisher.send(
      rtp(
        { payloadType: 102, sequence: i, timestamp: i, ssrc: 1000 + i, extensions: { 2: text(`x${i}`) } },
        Uint8Array.of(0x65, 1),
      ),
    );
  }
  layers.repeat(5, { high: "delta" });
  ok(/^H+$/.test(layers.layers), layers.layers);
});

Deno.test("WebRTC simulcast: the bitrate tells the best layer, not the order of names", () => {
  using layers = new Layers({ high: 100, low: 900 });
  layers.send({ high: "key", low: "key" });
  layers.repeat(100, { high: "delta", low: "delta" });
  equal(new Set(layers.asked()), new Set(["low"]));
  layers.send({ high: "delta", low: "key" });
  layers.repeat(100, { high: "delta", low: "delta" });
  ok(/^H+L{101}$/.test(layers.layers), layers.layers);
  isContinuous(layers);
  equal(layers.asked(), []);
});

Deno.test("WebRTC simulcast: what a layer loses that nobody gets costs no key frame", () => {
  using layers = new Layers();
  layers.send({ high: "key", low: "key" });
  layers.repeat(20, { high: "delta", low: "delta" });
  for (let i = 0; i < 5; i++) {
    layers.lose("low");
    layers.repeat(20, { high: "delta", low: "delta" });
  }
  equal(new Set(layers.layers), new Set(["H"]));
  equal(layers.asked(), []);
  layers.lose("high");
  layers.repeat(20, { high: "delta", low: "delta" });
  ok(layers.asked().length > 0);
});

Deno.test("WebRTC simulcast: a layer is not taken at a key frame with a hole", () => {
  using layers = new Layers({ high: 40, low: 10 });
  layers.send({ low: "key" });
  layers.repeat(10, { low: "delta" });
  layers.repeat(90, { high: "delta", low: "delta" });
  layers.sendFragmented(false);
  layers.repeat(30, { high: "delta", low: "delta" });
  equal(new Set(layers.layers), new Set(["L"]));
  layers.asked();
  layers.repeat(30, { high: "delta", low: "delta" });
  equal(new Set(layers.asked()), new Set(["high"]));
  layers.sendFragmented(true);
  layers.repeat(5, { high: "delta", low: "delta" });
  ok(/^L+H{6}$/.test(layers.layers), layers.layers);
});
