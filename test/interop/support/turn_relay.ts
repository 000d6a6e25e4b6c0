/**
 * A process of its own, as trust in certificates is given to processes: relays through the TURN server that the first
 * argument describes. Prints what went wrong, and then ends with 1.
 */
import { createLogger } from "../../../src/base/logger.ts";
import { openMux, Peer } from "../../protocols/webrtc/ice/support/muxes.ts";
import { relayScenario } from "../../protocols/webrtc/ice/support/relay_scenario.ts";

const iceServer = JSON.parse(Deno.args[0]);
const logger = createLogger((_, message) => console.log(message), (level) => level !== "debug");
const mux = await openMux({ iceServers: [iceServer], logger });
const candidates = await mux.createSession(new Peer()).gather();
await mux.close();
if (!candidates.some(({ type }) => type === "relay")) Deno.exit(1);
await relayScenario(iceServer);
