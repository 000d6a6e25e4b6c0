/** A publisher of H.264 and AAC that has a stream. */
import { TestClient } from "./client.ts";
import { aacHeader, audio, avcHeader, keyFrame, metadata, video } from "./messages.ts";
import type { TestServer } from "./server.ts";

export const announced = metadata({ videocodecid: 7, audiocodecid: 10 });

export async function publish(server: TestServer, path: string, secure = false): Promise<TestClient> {
  const certificate = secure ? server.certificate : undefined;
  const before = server.lines(/is publishing to path/).length;
  const client = await TestClient.connect(server.port, "publish", path, { certificate });
  await client.ready();
  await client.send(announced, video(1000, avcHeader), audio(1000, aacHeader), video(1000, keyFrame));
  await server.until(() => server.lines(/is publishing to path/).length > before);
  return client;
}

/** A player that has got metadata, both sequence headers and the key frame of `publish`. */
export async function play(server: TestServer, path: string): Promise<TestClient> {
  const client = await TestClient.connect(server.port, "play", path);
  await client.ready();
  await client.media(4);
  return client;
}
