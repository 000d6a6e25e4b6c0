import { mediasFromSdp, sdpFromMedias } from "../../src/sdp/medias.ts";
import { parseSdp } from "../../src/sdp/parse.ts";
import { serializeSdp } from "../../src/sdp/serialize.ts";
import { equal } from "../support/assert.ts";
import { corpus } from "./corpus.ts";
import { summary } from "./summary.ts";

const folder = new URL("../fixtures/sdp/", import.meta.url);

Deno.test("every description of the corpus is in the table", () => {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/\.sdp$/, "")).sort();
  equal(corpus.map(([file]) => file), files);
});

for (const [file, expected] of corpus) {
  Deno.test(`corpus: ${file}`, () => {
    const medias = mediasFromSdp(parseSdp(Deno.readTextFileSync(new URL(`${file}.sdp`, folder))));
    equal(medias.map(summary), expected);
    // What we write about it says the same, but for what we made up or left out.
    const ours = sdpFromMedias(medias.map((media, i) => ({ ...media, control: `trackID=${i}` })));
    const again = mediasFromSdp(parseSdp(serializeSdp(ours)));
    equal(
      again.map(summary),
      medias.map((media, i) => summary({ ...media, control: `trackID=${i}`, port: 0 })),
    );
  });
}
