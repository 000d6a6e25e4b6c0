/**
 * Pulls of `srt://`.
 *
 * Who closes whom: the pull's signal, the end of the connection and a stream that cannot go on all end the connection and
 * the ingest.
 */
import { ParseError, UserError } from "../../base/errors.ts";
import { RateLimitedReport } from "../../base/rate_limited.ts";
import type { Pull } from "../../paths/mod.ts";
import { MpegtsIngest } from "../../stream/mpegts_ingest.ts";
import { dialSrt } from "./client.ts";
import { parseSrtUrl, type SrtUrl } from "./wire/url.ts";

/** `srt://`: connects once. */
export async function pullSrt(pull: Pull): Promise<void> {
  const url = readUrl(pull.url);
  const { conf, logger } = pull;
  const stop = new AbortController();
  const signal = AbortSignal.any([pull.signal, stop.signal]);
  const warnings = new RateLimitedReport(logger, (_count, last) => `invalid packet: ${last}`);
  let failure: { readonly error: unknown } | null = null;
  const ingest = new MpegtsIngest({
    logger,
    open: (medias) => new Promise((resolve) => resolve(pull.attach(medias).stream)),
    onFailure: (error) => {
      failure ??= { error };
      stop.abort();
    },
  });
  try {
    const client = await dialSrt(url, {
      udp: { readBufferSize: conf.udpReadBufferSize, fastPath: conf.udpFastPath },
      idleTimeout: conf.readTimeout,
      signal,
      deliver: (payload) => {
        pull.received();
        ingest.write(payload, Date.now());
      },
      warn: (text) => warnings.report(performance.now(), text),
    });
    const reason = await client.closed;
    if (!signal.aborted) throw new UserError(reason);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ingest.close();
  }
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

function readUrl(text: string): SrtUrl {
  try {
    return parseSrtUrl(text);
  } catch (error) {
    if (error instanceof ParseError) throw new UserError(`invalid URL: ${error.message}`);
    throw error;
  }
}
