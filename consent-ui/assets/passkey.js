// Registers a passkey, or signs in with one: asks the server for a question, the authenticator for an answer, and goes
// where the server says. The forms stay hidden where the browser has no passkeys.
//
// All sentences stand in the page, in its language, as templates: this script adds no words.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

// WebAuthn L3 §5.1.8 has both as static methods; browsers of 2024 and before do not.
function creation(asked) {
  const user = { ...asked.user, id: bytes(asked.user.id) };
  const excludeCredentials = known(asked.excludeCredentials);
  return { publicKey: { ...asked, challenge: bytes(asked.challenge), user, excludeCredentials } };
}

function request(asked) {
  const allowCredentials = known(asked.allowCredentials);
  return { publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials } };
}

function answer(credential) {
  const { response } = credential;
  const parts = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    parts.attestationObject = text(response.attestationObject);
    parts.transports = response.getTransports?.() ?? [];
  } else {
    parts.authenticatorData = text(response.authenticatorData);
    parts.signature = text(response.signature);
    parts.userHandle = response.userHandle ? text(response.userHandle) : null;
  }
  const { id, type } = credential;
  return { id, rawId: text(credential.rawId), type, response: parts, extensions: {} };
}

function say(form, code) {
  const status = form.querySelector("[role=status]");
  status.textContent = form.querySelector(`template[data-code="${code}"]`).content.textContent.trim();
  status.hidden = false;
}

async function post(path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", credentials: "same-origin", headers, body: JSON.stringify(body) });
  const said = await response.json();
  // A refusal comes as a sentence in the language of the page, perhaps with a place to go to.
  return { ...said, ok: response.ok };
}

async function ceremony(form) {
  const csrf = form.elements.csrf.value;
  say(form, "asking");
  const question = await post(form.dataset.question, { csrf });
  if (!question.ok) return question;
  const asked = question.options;
  const credential = asked.user
    ? await navigator.credentials.create(creation(asked))
    : await navigator.credentials.get(request(asked));
  return post(form.dataset.answer, { csrf, answer: answer(credential) });
}

async function submitted(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const outcome = await ceremony(form);
    if (outcome.onward) return location.assign(outcome.onward);
    form.querySelector("[role=status]").textContent = outcome.sentence;
  } catch (error) {
    // What the person or the authenticator did, by the names of WebAuthn L3 §5.1.3 and §5.1.4.
    const cancelled = ["NotAllowedError", "AbortError"].includes(error.name);
    const refused = ["InvalidStateError", "NotSupportedError", "SecurityError", "ConstraintError"].includes(error.name);
    say(form, cancelled ? "cancelled" : refused ? "refused" : "unreachable");
  }
  button.disabled = false;
  button.focus();
}

export { answer, post, request };

for (const form of document.querySelectorAll("form.passkey")) {
  form.hidden = false;
  if (window.PublicKeyCredential) {
    form.addEventListener("submit", submitted);
  } else {
    form.querySelector("button").disabled = true;
    say(form, "unsupported");
  }
}
