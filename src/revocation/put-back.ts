/** The reason of lines and states that were put back into a database that had lost them. */
export const PUT_BACK = 'put_back_after_restore';
