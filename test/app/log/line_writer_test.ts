import { type ByteSink, LineWriter, maxBatchChars } from "../../../src/app/log/line_writer.ts";
import { equal, ok } from "../../support/assert.ts";

const decoder = new TextDecoder();

/** Takes bytes only when told to, or at once when `open`. */
class TestSink implements ByteSink {
  readonly writes: string[] = [];
  open = true;
  failing = false;
  /** Bytes taken by one call. */
  perCall = Infinity;
  #gate = Promise.withResolvers<void>();

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.open) await this.#gate.promise;
    if (this.failing) throw new Error("no space left on device");
    return this.writeSync(bytes);
  }

  writeSync(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.perCall);
    this.writes.push(decoder.decode(taken));
    return taken.length;
  }

  release(): void {
    this.open = true;
    this.#gate.resolve();
    this.#gate = Promise.withResolvers<void>();
  }

  get text(): string {
    return this.writes.join("");
  }
}

const dropped = (count: number) => `dropped ${count}\n`;
const generous = 60_000;

Deno.test("lines: those of one turn go out together and in order", async () => {
  const sink = new TestSink();
  const writer = new LineWriter(sink, dropped);
  for (let i = 0; i < 5; i++) writer.write(`${i}\n`);
  await writer.close(generous);
  equal(sink.writes, ["0\n1\n2\n3\n4\n"]);
});

Deno.test("lines: a sink that takes little at a time gets everything", async () => {
  const sink = new TestSink();
  sink.perCall = 3;
  const writer = new LineWriter(sink, dropped);
  writer.write("hello, wörld\n");
  await writer.close(generous);
  equal(sink.writes, ["hel", "lo,", " w\ufffd", "\ufffdrl", "d\n"]);
});

Deno.test("lines: a batch is bounded", async () => {
  const sink = new TestSink();
  const writer = new LineWriter(sink, dropped);
  const line = `${"x".repeat(999)}\n`;
  for (let i = 0; i < 200; i++) writer.write(line);
  await writer.close(generous);
  equal(sink.text.length, 200_000);
  ok(sink.writes.every((part) => part.length < maxBatchChars + 1000));
});

Deno.test("lines: a stuck sink costs bounded memory, and what was dropped is told", async () => {
  const sink = new TestSink();
  sink.open = false;
  const writer = new LineWriter(sink, dropped, 40);
  writer.write("first\n");
  await Promise.resolve();
  await Promise.resolve();
  for (let i = 0; i < 10; i++) writer.write(`line ${i}..\n`);
  sink.release();
  await writer.close(generous);
  equal(sink.text, "first\ndropped 6\nline 0..\nline 1..\nline 2..\nline 3..\n");
});

Deno.test("lines: after a failure the next line tries again", async () => {
  const sink = new TestSink();
  const writer = new LineWriter(sink, dropped);
  sink.failing = true;
  writer.write("lost\n");
  writer.write("lost too\n");
  // All that the writer does with a failing sink happens before the next timer.
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  writer.write("lost as well\n");
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  sink.failing = false;
  writer.write("kept\n");
  await writer.close(generous);
  equal(sink.text, "dropped 3\nkept\n");
});

Deno.test("lines: closing does not wait for a stuck sink for ever", async () => {
  const sink = new TestSink();
  sink.open = false;
  const writer = new LineWriter(sink, dropped);
  writer.write("never seen\n");
  await writer.close(1);
  equal(sink.text, "");
  sink.release();
});

Deno.test("lines: flushing at once writes what waits", () => {
  const sink = new TestSink();
  const writer = new LineWriter(sink, dropped);
  writer.write("last words\n");
  writer.flushSync();
  equal(sink.text, "last words\n");
});
