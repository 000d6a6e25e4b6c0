/** The judge of pages is judged: what must fail fails. */
import { equal, match, ok, rejects } from "../support/assert.ts";
import { withBrowser } from "./support/browser.ts";

function serve(html: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(html, { headers: { "content-type": "text/html" } }),
  );
}

const plain = `<!DOCTYPE html><link rel="icon" href="data:,"><p hidden>hidden</p><p id="p">shown</p>`;

const faults: readonly (readonly [name: string, script: string, fault: RegExp])[] = [
  [
    "a request to another host",
    `fetch("http://example.invalid/x").catch(() => {})`,
    /asked for http:\/\/example/,
  ],
  [
    "an image from another port",
    `new Image().src = "http://127.0.0.1:9/x.png"`,
    /asked for http:\/\/127.0.0.1:9\//,
  ],
  ["an error on the console", `console.error("oh", "no")`, /^console error: oh no$/],
  [
    "an error nobody caught",
    `setTimeout(() => { throw new Error("lost"); })`,
    /^console error: uncaught Error: lost/,
  ],
];

Deno.test("browser: each fault of a page is told; no other is", async () => {
  for (const [name, script, fault] of faults) {
    await using server = serve(
      `${plain}<script>${script}; setTimeout(() => globalThis.done = true, 100)</script>`,
    );
    await withBrowser(async (browser) => {
      const page = await browser.open(`http://127.0.0.1:${server.addr.port}/`);
      await page.waitFor("globalThis.done === true");
      await page.waitForFault();
      const told = await page.end();
      equal(told.length, 1, `${name}: ${told.join("\n")}`);
      match(told[0], fault);
    });
  }
});

Deno.test("browser: a fault fails the test, unless it is expected", async () => {
  await using server = serve(`${plain}<script>console.error("known")</script>`);
  const url = `http://127.0.0.1:${server.addr.port}/`;
  await rejects(withBrowser(async (browser) => void await browser.open(url)), /console error: known/);
  await withBrowser(async (browser) => void await browser.open(url, { expectedErrors: /known/ }));
});

Deno.test("browser: what never happens is told, with what the page shows", async () => {
  await using server = serve(`${plain}<video></video><script>console.log("hello")</script>`);
  await withBrowser(async (browser) => {
    const page = await browser.open(`http://127.0.0.1:${server.addr.port}/`);
    equal(await page.waitForText("#p", /^shown$/), "shown");
    await rejects(page.waitForText("p[hidden]", /hidden/, 200), /never true within 200 ms[^]*shown/);
    await page.waitForConsole(/^log: hello$/);
    await rejects(page.waitForConsole(/never/, 100), /no line like .never.[^]*log: hello/);
    await rejects(page.waitForPlaying("video", 0.5, 200), /never true/);
    await rejects(page.waitFor("nonsense.here"), /nonsense is not defined/);
    ok(page.requests.length === 1);
  });
});
