/** What the chooser of files offers; phones make JPEGs of their own kinds for it. What is dropped nevertheless is refused by a sentence that says what to do. */
export const takenTypes = 'image/jpeg,image/png,image/webp';
