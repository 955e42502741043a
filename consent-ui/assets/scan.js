// Digests a scan in the browser: the file goes nowhere, its SHA-256 into the field beside it.

function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

for (const place of document.querySelectorAll("[data-digest]")) {
  const field = document.getElementById(place.dataset.digest);
  const chooser = place.querySelector("input");
  if (!field || !chooser || !globalThis.crypto?.subtle) {
    continue;
  }
  place.hidden = false;
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    field.value = "";
    if (file) {
      field.value = hexadecimal(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
    }
  });
}
