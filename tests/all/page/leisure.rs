//! Who answers at once with nothing new is asked at leisure.

use serde_json::json;

use super::browser::Browser;
use super::served::Served;

/// How often a lane asks within half a second whose answers come at once: nothing, the same again, or an event more.
const ASKED: &str = r"(async (transport, answers) => {
  const { subscribe } = await import(`/transport/${transport}.js`);
  const { now, sleep } = await import('/client/now.js');
  const over = new AbortController();
  let [asked, at] = [0, 1];
  const same = Array.from({ length: 1000 }, () => `{'id':'made0p-1'}`.replaceAll(`'`, '\x22'));
  const reader = {
    options: { hold_s: 25 }, stand: { id: 'made0p-1' }, hasPosition: true, signal: over.signal,
    ask: async () => {
      await sleep(1);
      over.signal.throwIfAborted();
      asked += 1;
      if (answers === 'news') at += 1;
      return { status: answers === 'nothing' ? 204 : 200, text: `[${same}]`, bytes: 9, asked_at: now(), position: at };
    },
    connected: () => {}, took: () => {},
    standsAt: (_n, _at, position) => { reader.stand = { id: `made0p-${position}` }; },
    pace: () => sleep(500, over.signal),
  };
  setTimeout(() => over.abort(), 500);
  await subscribe(reader).catch(() => {});
  return asked;
})";

#[test]
fn who_answers_at_once_with_nothing_new_is_asked_at_leisure() {
    let Some(browser) = Browser::shared() else { return };
    let served = Served::start(&["--source", "quiet"]);
    let tab = served.watched(&browser, "lanes=");
    for transport in ["poll", "longpoll"] {
        for answers in ["nothing", "the same"] {
            let asked = tab.evaluate(&format!("{ASKED}('{transport}', '{answers}')"));
            assert_eq!(asked, json!(1), "{transport}, {answers}");
        }
        let asked = tab.evaluate(&format!("{ASKED}('{transport}', 'news')"));
        assert!(asked.as_u64() > Some(5), "{transport}: more waits, and is asked for at once: {asked}");
    }
}
