/* Evaluates an expression in reverse Polish notation with a stack.

   Tape: tokens [kind, operand], ended by kind 0
   Kind 1 pushes its operand; 2 adds, 3 subtracts, 4 multiplies the two topmost values; 5 duplicates the topmost.
   Afterwards cell 0 holds the topmost value. */

enum { END, PUSH, ADD, SUBTRACT, MULTIPLY, DUPLICATE, DEPTH = 4 };

void calculator(int *mem)
{
    int stack[DEPTH];
    int top = -1;

    for (int token = 0; mem[token] != END; token += 2) {
        switch (mem[token]) {
        case PUSH:
            stack[++top] = mem[token + 1];
            break;
        case ADD:
            top--;
            stack[top] += stack[top + 1];
            break;
        case SUBTRACT:
            top--;
            stack[top] -= stack[top + 1];
            break;
        case MULTIPLY:
            top--;
            stack[top] *= stack[top + 1];
            break;
        case DUPLICATE:
            stack[top + 1] = stack[top];
            top++;
            break;
        }
    }
    mem[0] = stack[top];
}
