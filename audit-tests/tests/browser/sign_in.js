// The steps of a ceremony one by one, so that a test can do them in another order than `passkey.js` does. The first
// argument names the step, the last one takes what came of it.
const [step, given] = arguments;
const done = arguments[arguments.length - 1];

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

async function post(path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, said: await answer.json() };
}

async function sign(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
  return {
    id,
    rawId: text(rawId),
    type,
    extensions: {},
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

const csrf = document.querySelector("form.passkey [name=csrf]").value;
const steps = {
  ask: () => post("/connexion/cle/question", { csrf }),
  sign: () => sign(given),
  send: () => post("/connexion/cle/reponse", { csrf, answer: given }),
};
steps[step]().then(done, (error) => done({ failed: String(error) }));
