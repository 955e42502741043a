// Signs the terms of an offer or of a renewal with a passkey, when the person accepts and her browser can. A refusal, and a browser without
// passkeys, send the form as it is.
//
// All sentences stand in the page or come from the server, in its language: this script adds no words.

import { answer, post, request } from "./passkey.js";

const form = document.querySelector("form.consent[data-question]");
const box = document.getElementById("signing");
const status = document.getElementById("signing-status");
const terms = document.getElementById("signing-terms");
const unsigned = document.getElementById("unsigned");

function tell(sentence) {
  status.textContent = sentence;
  status.hidden = false;
}

const say = (code) => tell(box.querySelector(`template[data-code="${code}"]`).content.textContent.trim());

// A page without a choice, such as that of a renewal, has a button that agrees.
const accepts = () =>
  form.querySelector("input[type=radio]") === null || form.querySelector("input[type=radio][value=accept]:checked") !== null;

async function ceremony() {
  const { csrf, meter, notice, fin } = form.elements;
  say("asking");
  const shown = { meter: meter?.value, notice: notice.value, last_day: fin?.value };
  const question = await post(form.dataset.question, { csrf: csrf.value, ...shown });
  if (!question.ok) return question;
  terms.querySelector("code").textContent = question.terms;
  terms.hidden = false;
  const credential = await navigator.credentials.get(request(question.options));
  return post(form.dataset.answer, { csrf: csrf.value, answer: answer(credential) });
}

async function submitted(event) {
  // Whatever is not an agreement to sign goes the way of browsers without script: the server says what is missing.
  if (event.submitter === unsigned || !accepts() || form.elements.meter?.value === "") return;
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("button");
  button.disabled = true;
  try {
    const outcome = await ceremony();
    if (outcome.onward) return location.assign(outcome.onward);
    tell(outcome.sentence);
  } catch (error) {
    // What the person or the authenticator did, by the names of WebAuthn L3 §5.1.4.
    const cancelled = ["NotAllowedError", "AbortError"].includes(error.name);
    const refused = ["InvalidStateError", "NotSupportedError", "SecurityError"].includes(error.name);
    say(cancelled ? "cancelled" : refused ? "refused" : "unreachable");
  }
  button.disabled = false;
  if (unsigned) unsigned.hidden = false;
  button.focus();
}

if (form && window.PublicKeyCredential) {
  box.hidden = false;
  form.addEventListener("submit", submitted);
}
