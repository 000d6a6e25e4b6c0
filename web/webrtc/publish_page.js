// @ts-check
/** The page that publishes. Its fields are kept in the query, from where they are also read. */
import { find, Message, parseFlag, pathName, retryText } from "../shared/page.js";
import {
  capture,
  describeCaptureError,
  hasScreen,
  listDevices,
  mayCapture,
  screenChoice,
  stopTracks,
} from "./capture.js";
import { Overlay } from "./overlay.js";
import { describeProblem } from "./problem.js";
import { MediaMTXWebRTCPublisher } from "./publisher.js";

/** As most players and protocols know them. */
const videoCodecs = ["H264", "VP8", "VP9", "AV1", "H265"];
const audioCodecs = ["opus", "G722", "PCMU", "PCMA"];

const video = find("video", HTMLVideoElement);
const form = find("form", HTMLFormElement);
const notice = find("notice", HTMLElement);
const corner = find("corner", HTMLElement);
const message = new Message();
const select = (/** @type {string} */ id) => find(id, HTMLSelectElement);
const input = (/** @type {string} */ id) => find(id, HTMLInputElement);
const fields = {
  videoDevice: select("video-device"),
  videoCodec: select("video-codec"),
  videoBitrate: input("video-bitrate"),
  videoFramerate: input("video-framerate"),
  videoWidth: input("video-width"),
  videoHeight: input("video-height"),
  videoSimulcast: input("video-simulcast"),
  audioDevice: select("audio-device"),
  audioCodec: select("audio-codec"),
  audioBitrate: input("audio-bitrate"),
  audioVoice: input("audio-voice"),
};

/** @type {{ publisher: MediaMTXWebRTCPublisher, stream: MediaStream } | null} */
let current = null;

/**
 * @param {HTMLSelectElement} list
 * @param {string} value
 * @param {string} text
 */
function addOption(list, value, text) {
  if (![...list.options].some((option) => option.value === value)) list.add(new Option(text, value));
}

/**
 * @param {HTMLSelectElement} list
 * @param {"audio" | "video"} kind
 * @param {readonly string[]} names
 */
function addCodecs(list, kind, names) {
  const known = RTCRtpSender.getCapabilities(kind)?.codecs ?? [];
  for (const name of names) {
    const codec = known.find(({ mimeType }) => mimeType.toLowerCase() === `${kind}/${name.toLowerCase()}`);
    if (codec !== undefined) addOption(list, `${name.toLowerCase()}/${codec.clockRate}`, name.toUpperCase());
  }
}

async function fillFields() {
  addCodecs(fields.videoCodec, "video", videoCodecs);
  addCodecs(fields.audioCodec, "audio", audioCodecs);
  const { devices, problem } = await listDevices();
  for (const { kind, deviceId, label } of devices) {
    const list = kind === "videoinput" ? fields.videoDevice : fields.audioDevice;
    addOption(list, deviceId, label || `${kind === "videoinput" ? "camera" : "microphone"} ${list.length}`);
  }
  if (hasScreen()) {
    addOption(fields.videoDevice, screenChoice, "screen");
    addOption(fields.audioDevice, screenChoice, "sound of the screen");
  }
  // The first that there is; but sound of the screen only for who wants it.
  for (const list of [fields.videoDevice, fields.audioDevice]) {
    const [, first] = list.options;
    const isWanted = first !== undefined && (list === fields.videoDevice || first.value !== screenChoice);
    if (isWanted) list.value = first.value;
  }
  setNotice(problem);
}

/** @param {string} words empty for none */
function setNotice(words) {
  notice.textContent = words;
  notice.hidden = words === "";
}

function readQuery() {
  const query = new URLSearchParams(location.search);
  for (const field of Object.values(fields)) {
    const value = query.get(field.id);
    if (value === null || value === "") continue;
    if (field instanceof HTMLSelectElement) {
      // Ids of devices differ between browsers, names do not.
      const option = [...field.options].find((one) => one.value === value || one.text === value);
      if (option !== undefined) field.value = option.value;
    } else if (field.type === "checkbox") {
      field.checked = parseFlag(value, field.checked);
    } else {
      field.value = value;
    }
  }
}

function keepInQuery() {
  for (const field of Object.values(fields)) {
    field.addEventListener("input", () => {
      const url = new URL(location.href);
      const isCheckbox = field instanceof HTMLInputElement && field.type === "checkbox";
      url.searchParams.set(field.id, isCheckbox ? String(field.checked) : field.value);
      history.replaceState(null, "", url);
    });
  }
}

/** Undefined for what is no number above zero. @param {HTMLInputElement} field */
function numberOf({ value }) {
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? number : undefined;
}

async function begin() {
  await fillFields();
  readQuery();
  keepInQuery();
  message.show("");
  form.hidden = false;
}

async function publish() {
  setNotice("");
  form.hidden = true;
  message.show("Waiting for the camera, the microphone or the screen");
  try {
    const stream = await capture({
      videoDevice: fields.videoDevice.value,
      audioDevice: fields.audioDevice.value,
      width: numberOf(fields.videoWidth),
      height: numberOf(fields.videoHeight),
      frameRate: numberOf(fields.videoFramerate),
      voice: fields.audioVoice.checked,
    });
    start(stream);
  } catch (error) {
    stop(describeCaptureError(error));
  }
}

/** @param {MediaStream} stream */
function start(stream) {
  video.srcObject = stream;
  corner.hidden = false;
  for (const track of stream.getTracks()) {
    track.addEventListener("ended", () => stop(`The capture of ${track.label || track.kind} has ended`));
  }
  const isScreen = fields.videoDevice.value === screenChoice;
  const publisher = new MediaMTXWebRTCPublisher({
    url: new URL(`whip${location.search}`, location.href),
    stream,
    videoCodec: fields.videoCodec.value,
    videoBitrate: numberOf(fields.videoBitrate),
    simulcast: fields.videoSimulcast.checked,
    audioCodec: fields.audioCodec.value,
    audioBitrate: numberOf(fields.audioBitrate),
    audioVoice: fields.audioVoice.checked,
    ...isScreen ? { degradationPreference: "maintain-resolution" } : {},
    onState,
  });
  current = { publisher, stream };
}

/** @param {import("./connection.js").ConnectionState} state */
function onState(state) {
  switch (state.kind) {
    case "connecting":
      if (current === null || message.words.startsWith("Waiting")) message.show("Connecting");
      break;
    case "connected":
      message.show("");
      document.title = `● ${name}`;
      break;
    case "failed":
      document.title = name;
      message.show(
        state.problem.kind === "noStream"
          ? "The server does not know this path"
          : describeProblem(state.problem),
        retryText(state.retryMs),
      );
      break;
    case "closed":
      document.title = name;
      message.show("");
  }
}

/** Back to the fields. @param {string} words why, or empty */
function stop(words) {
  if (current !== null) {
    current.publisher.close();
    stopTracks(current.stream);
  }
  current = null;
  video.srcObject = null;
  corner.hidden = true;
  message.show("");
  form.hidden = false;
  setNotice(words);
}

/** The path for people. */
const name = pathName(location.pathname).replace(/\/publish$/, "");
document.title = name;
find("title", HTMLElement).textContent = `Publish to ${name}`;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void publish();
});
find("stop-button", HTMLButtonElement).addEventListener("click", () => stop(""));
new Overlay(() => current?.publisher.peer ?? null, "publishing", () => {});
addEventListener("pagehide", (event) => {
  if (!event.persisted) current?.publisher.close();
});

if (!("RTCPeerConnection" in globalThis)) {
  message.show(describeProblem({ kind: "browser" }), "", false);
} else if (!mayCapture()) {
  message.show(
    "The browser does not let this page use camera and microphone",
    "Browsers allow it over HTTPS or from localhost only. Open this page with https:// (webrtcEncryption: yes)",
    false,
  );
} else {
  void begin();
}
