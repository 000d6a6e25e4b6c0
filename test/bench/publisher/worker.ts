/** The thread that publishes one frame after the other, on time, and marks each with the moment of its sending. */
import type { Target } from "../target.ts";
import { nowMicros } from "../sys/libc.ts";
import { endWorker, onMessage, post } from "../worker_scope.ts";
import { frameShape, H264Frames, type ShapeOptions } from "./h264_frames.ts";
import { type PublishTransport, RtspPublisher } from "./rtsp_publisher.ts";

export interface PublisherJob {
  readonly type: "start";
  readonly target: Target;
  readonly transport: PublishTransport;
  readonly shape: ShapeOptions;
}

/** `silence` stops the media and keeps the session; `end` tears it down. */
export type PublisherOrder = PublisherJob | { readonly type: "silence" } | { readonly type: "end" };

export type PublisherNews =
  | { readonly type: "publishing" }
  | { readonly type: "silent"; readonly totals: PublisherTotals }
  | { readonly type: "ended" }
  | { readonly type: "failed"; readonly reason: string };

export interface PublisherTotals {
  readonly frames: number;
  readonly packets: number;
  /** How late the latest frame was sent, in milliseconds: a late publisher spoils the measurement. */
  readonly worstLatenessMs: number;
}

const reportEveryMicros = 5e6;
const keepAliveEveryMicros = 20e6;

let silent = false;
let publisher: RtspPublisher | undefined;

onMessage<PublisherOrder>((order) => {
  if (order.type === "silence") silent = true;
  else if (order.type === "end") void end();
  else publish(order).catch((error) => post<PublisherNews>({ type: "failed", reason: String(error) }));
});

async function publish(job: PublisherJob): Promise<void> {
  const shape = frameShape(job.shape);
  const frames = new H264Frames(shape);
  publisher = await RtspPublisher.connect(job.target, job.transport, frames);
  void publisher.drain();
  post<PublisherNews>({ type: "publishing" });
  const interval = 1e6 / shape.framesPerSecond;
  const start = nowMicros();
  let reported = 0;
  let keptAlive = start;
  let worstLateness = 0;
  while (!silent) {
    const due = start + frames.frames * interval;
    const wait = due - nowMicros();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait / 1000));
    const now = nowMicros();
    worstLateness = Math.max(worstLateness, now - due);
    await publisher.send(frames.next(now));
    if (now - reported > reportEveryMicros) {
      await publisher.sendReport(frames.senderReport(Date.now()));
      reported = now;
    }
    if (now - keptAlive > keepAliveEveryMicros) {
      await publisher.keepAlive();
      keptAlive = now;
    }
  }
  const totals = { frames: frames.frames, packets: frames.packets, worstLatenessMs: worstLateness / 1000 };
  post<PublisherNews>({ type: "silent", totals });
}

async function end(): Promise<void> {
  try {
    await publisher?.teardown();
  } catch {
    // the server has closed already
  }
  post<PublisherNews>({ type: "ended" });
  endWorker();
}
