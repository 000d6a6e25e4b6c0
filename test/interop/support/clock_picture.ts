/**
 * A picture that carries the time at which it was made, so that its age can be measured wherever it is shown: sixteen
 * stripes, the leftmost for the lowest bit, of hundredths of a second.
 */
import { Client } from "./client.ts";

/** It is disposed of long before, unless the test hangs. */
const timeLimitMs = 400_000;
const stripe = 20;
const bits = 16;
const periodMs = 10 * 2 ** bits;

/** Encodes and publishes in real time, with a tone, until it is disposed of. FFmpeg holds pictures back for the tone. */
export function clockPublish(url: string, size = "320x64"): Client {
  const tone = ["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
  return publish(url, size, tone, ["-c:a", "aac"]);
}

/** Without sound: each picture is sent as soon as it is encoded. */
export function clockPublishAtOnce(url: string, size = "320x64"): Client {
  return publish(url, size, [], []);
}

function publish(
  url: string,
  size: string,
  soundInput: readonly string[],
  soundOutput: readonly string[],
): Client {
  // time(0) is the clock of the machine
  const stripes = `geq=lum='if(mod(floor(time(0)*100/pow(2,floor(X/${stripe}))),2),235,16)':cb=128:cr=128`;
  const picture = ["-re", "-f", "lavfi", "-i", `color=size=${size}:rate=25,${stripes}`];
  const video = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25"];
  const output = ["-pix_fmt", "yuv420p", ...soundOutput, "-f", "rtsp", "-rtsp_transport", "tcp", url];
  return new Client("clock publisher", "ffmpeg", [
    "-v",
    "warning",
    ...picture,
    ...soundInput,
    ...video,
    ...output,
  ], { timeLimitMs });
}

/** For pages: `pictureAge(video)` gives the age of what is shown, in milliseconds. */
export const clockScript = `globalThis.pictureAge = (video) => {
  const canvas = document.createElement("canvas");
  canvas.width = ${stripe * bits};
  canvas.height = 1;
  const context = canvas.getContext("2d");
  // one line from the middle: it was made in a moment
  context.drawImage(video, 0, 32, ${stripe * bits}, 1, 0, 0, ${stripe * bits}, 1);
  const now = Date.now();
  const { data } = context.getImageData(0, 0, ${stripe * bits}, 1);
  let time = 0;
  for (let bit = 0; bit < ${bits}; bit++) {
    if (data[4 * (bit * ${stripe} + ${stripe / 2})] > 127) time += 2 ** bit;
  }
  return (now - 10 * time % ${periodMs} + ${periodMs}) % ${periodMs};
};`;
