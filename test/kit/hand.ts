import type { Locator, Page } from 'playwright-core';

/** How a person does things on a page. */
export interface Hand {
  /** Presses a button or follows a link. */
  press(target: Locator): Promise<void>;
  /** Writes into a field, in place of what is there. */
  write(field: Locator, text: string): Promise<void>;
  /** Chooses a radio button. */
  choose(radio: Locator): Promise<void>;
  /** Ticks a box. */
  tick(box: Locator): Promise<void>;
  /** Opens a menu and chooses one of its items. */
  pick(menu: Locator, item: Locator): Promise<void>;
}

/** With the mouse. */
export function mouseOf(): Hand {
  return {
    press: (target) => target.click(),
    write: (field, text) => field.fill(text),
    choose: (radio) => radio.check(),
    tick: (box) => box.check(),
    async pick(menu, item) {
      await menu.click();
      await item.click();
    },
  };
}

const mostStops = 200;

/** What of the page's own world is asked for; the tests are not compiled for browsers. */
interface Window {
  readonly document: { readonly activeElement: Field | null };
}
interface Field {
  readonly type?: string;
  readonly name?: string;
}

/** With nothing but keys: Tab to get there, Enter, Space and arrows. Fails where the way there is longer than anybody would go. */
export function keyboardOf(page: Page): Hand {
  const isFocused = (target: Locator): Promise<boolean> =>
    target.evaluate((element) => element === (globalThis as unknown as Window).document.activeElement);
  async function walkTo(reached: () => Promise<boolean>, key: string, what: Locator): Promise<void> {
    const stops = new Set<string>();
    for (let count = 0; count < mostStops; count += 1) {
      if (await reached()) return;
      await page.keyboard.press(key);
      stops.add(String(await page.evaluate('document.activeElement?.innerText || document.activeElement?.outerHTML.slice(0, 80)')));
    }
    throw new Error(`${what.toString()} can't be reached with ${key}, only ${[...stops].join(' | ')}`);
  }
  return {
    async press(target) {
      await target.waitFor();
      await walkTo(() => isFocused(target), 'Tab', target);
      await page.keyboard.press('Enter');
    },
    async write(field, text) {
      await field.waitFor();
      await walkTo(() => isFocused(field), 'Tab', field);
      await page.keyboard.press('Control+A');
      await page.keyboard.type(text);
    },
    async choose(radio) {
      await radio.waitFor();
      const inGroup = (): Promise<boolean> =>
        radio.evaluate((element) => {
          const focused = (globalThis as unknown as Window).document.activeElement;
          return focused?.type === 'radio' && focused.name === (element as unknown as Field).name;
        });
      await walkTo(inGroup, 'Tab', radio);
      if (!(await radio.isChecked())) await page.keyboard.press('Space');
      await walkTo(() => radio.isChecked(), 'ArrowDown', radio);
    },
    async tick(box) {
      await box.waitFor();
      await walkTo(() => isFocused(box), 'Tab', box);
      if (!(await box.isChecked())) await page.keyboard.press('Space');
    },
    async pick(menu, item) {
      await this.press(menu);
      await item.waitFor();
      await walkTo(() => isFocused(item), 'ArrowDown', item);
      await page.keyboard.press('Enter');
    },
  };
}
