import { TextInput } from '@mantine/core';
import type { TextInputProps } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';

const typingPauseMs = 250;

interface SearchFieldProps extends Omit<TextInputProps, 'value' | 'onChange' | 'defaultValue'> {
  /** What is searched for now; undefined for nothing. */
  readonly value: string | undefined;
  /** Called when the person pauses typing. */
  readonly onSearch: (value: string | undefined) => void;
}

/** A box that always shows what is searched for: also when it was not typed here but came with an address. */
export function SearchField({ value, onSearch, ...props }: SearchFieldProps) {
  const [text, setText] = useState(value ?? '');
  const [seen, setSeen] = useState(value);
  const [sent, setSent] = useState(value);
  const searchSoon = useDebouncedCallback((typed: string) => {
    const given = typed.trim() === '' ? undefined : typed.trim();
    setSent(given);
    onSearch(given);
  }, typingPauseMs);
  // The address may follow later than the next key.
  if (value !== seen) {
    setSeen(value);
    if (value !== sent) {
      setSent(value);
      setText(value ?? '');
      // What was typed before the address changed is not what is wanted now.
      searchSoon.cancel();
    }
  }
  return (
    <TextInput
      {...props}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        searchSoon(event.currentTarget.value);
      }}
    />
  );
}
