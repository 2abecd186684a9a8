import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createQueryClient } from './api/query-client.ts';
import { LayerStack } from './components/layer.tsx';
import { createAppRouter } from './router.tsx';
import { styleNonce } from './start/style-nonce.ts';
import { cssVariables, theme } from './theme.ts';

const queryClient = createQueryClient();
const router = createAppRouter();

/** The whole web interface. */
export function Application() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" getStyleNonce={() => styleNonce}>
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queryClient}>
        <LayerStack>
          <RouterProvider router={router} />
        </LayerStack>
      </QueryClientProvider>
    </MantineProvider>
  );
}
