// @ts-check
/** The page that plays. */
import { find, Message, parseFlag, pathName, retryText } from "../shared/page.js";
import { Overlay } from "./overlay.js";
import { describeProblem } from "./problem.js";
import { MediaMTXWebRTCReader } from "./reader.js";

/** Seconds of packets without a picture, after which it is said; key frames may be rare. */
const patience = 5;

const video = find("video", HTMLVideoElement);
const message = new Message();
const sound = find("sound", HTMLButtonElement);
const query = new URLSearchParams(location.search);

/**
 * @param {string} name
 * @param {boolean} otherwise
 */
const flag = (name, otherwise) => parseFlag(query.get(name), otherwise);
const controls = flag("controls", true);
const autoplay = flag("autoplay", true);
video.muted = flag("muted", true);
video.playsInline = flag("playsinline", true);
video.disablePictureInPicture = flag("disablepictureinpicture", false);
// An embedded picture without buttons; the key remains.
find("statistics-button", HTMLButtonElement).hidden = !controls;
let mutedByUs = false;
let hasPlayed = false;
/** The page says so, or its controls do. */
let waitsForUser = false;
/** Of packets without a picture. */
let seconds = 0;

/**
 * @param {string} words
 * @param {string} [more]
 * @param {boolean} [isWaiting]
 */
function show(words, more = "", isWaiting = true) {
  message.show(words, more, isWaiting);
  // Controls without a picture would only lie over the words.
  video.controls = controls && (words === "" || !isWaiting);
}

function waitForUser() {
  waitsForUser = true;
  show(controls ? "" : "Tap to play", "", false);
}

async function play() {
  try {
    await video.play();
  } catch (error) {
    // Anything else means that another try has begun.
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
    if (video.muted) {
      waitForUser();
      return;
    }
    mutedByUs = true;
    video.muted = true;
    await play();
  }
}

function updateSound() {
  mutedByUs &&= video.muted;
  sound.hidden = !(mutedByUs && !video.paused);
}

/** @param {import("./connection.js").ConnectionState} state */
function onState(state) {
  switch (state.kind) {
    case "connecting":
      // Between two tries the reason stays, so that the words do not flicker.
      if (message.words === "") show("Connecting");
      break;
    case "connected":
      seconds = 0;
      if (!hasPlayed && !waitsForUser) show("Waiting for the first picture");
      break;
    case "failed":
      hasPlayed = false;
      waitsForUser = false;
      video.srcObject = null;
      show(describeProblem(state.problem), retryText(state.retryMs));
      break;
    case "closed":
      show("Closed", "", false);
  }
}

function onPlaying() {
  hasPlayed = true;
  waitsForUser = false;
  show("");
  updateSound();
}

/** @param {import("./statistics.js").Figures} figures */
function onFigures({ video: picture, audio }) {
  if (hasPlayed || reader.state.kind !== "connected" || video.paused) return;
  const hasPackets = (picture?.packets ?? 0) > 0;
  // Elements with a video track do not begin without a picture, even if there is only sound.
  if (!hasPackets && (audio?.packets ?? 0) === 0) {
    show("Connected, but no media arrives yet");
  } else if (hasPackets && picture?.decoded === 0) {
    seconds++;
    if (seconds < patience) return;
    show(
      `This browser gets ${picture.codec} video but shows no picture`,
      "There may be no key frame yet, or it uses what browsers do not decode, such as B-frames",
    );
  }
}

video.addEventListener("playing", onPlaying);
video.addEventListener("volumechange", updateSound);
video.addEventListener("pause", updateSound);
video.addEventListener("click", () => {
  if (video.paused && !controls) void video.play();
});
sound.addEventListener("click", () => video.muted = false);

document.title = pathName(location.pathname);
const reader = new MediaMTXWebRTCReader({
  url: new URL(`whep${location.search}`, location.href),
  onState,
  onTrack({ streams: [stream] }) {
    if (stream === undefined || video.srcObject === stream) return;
    video.srcObject = stream;
    if (autoplay) void play();
    else waitForUser();
  },
});
new Overlay(() => reader.state.kind === "connected" ? reader.peer : null, "reading", onFigures);
addEventListener("pagehide", (event) => {
  if (!event.persisted) reader.close();
});
