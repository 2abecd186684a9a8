import { Text } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useId, useState } from 'react';
import type { DragEvent } from 'react';
import classes from './drop-area.module.css';

interface DropAreaProps {
  readonly label: string;
  readonly hint: string;
  /** Media types or endings, as a file input takes them. */
  readonly accept: string;
  readonly multiple?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

/** Takes files that are dropped on it, or chosen after a click or a key. */
export function DropArea({ label, hint, accept, multiple = false, onFiles }: DropAreaProps) {
  const [over, setOver] = useState(false);
  const hintId = useId();
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length > 0) onFiles(multiple ? files : files.slice(0, 1));
  };
  return (
    // Dropping is for the mouse; the input inside does the same for the keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <label
      className={classes.area}
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <IconUpload size={20} aria-hidden />
      <Text span fw={600} size="sm">
        {label}
      </Text>
      <Text span size="xs" c="dimmed" id={hintId}>
        {hint}
      </Text>
      <input
        type="file"
        className="unseen"
        accept={accept}
        multiple={multiple}
        aria-label={label}
        aria-describedby={hintId}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
    </label>
  );
}
