"use strict";
// into the clipboard, and a word about it: say(text) tells it
const copying = (say) => {
  const byHand = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  const copy = async (text) => {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = byHand(text);
    }
    say(done ? "copied: " + text : "copy it yourself: " + text);
  };
  return copy;
};
