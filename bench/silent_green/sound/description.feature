@shop/sell
Feature: Selling
  Why there is a shop <at all>.

  @id:one
  Scenario: One
    Given a stock of 3
    When 1 are sold
    Then 2 are left
